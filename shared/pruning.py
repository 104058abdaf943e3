"""Bookkeeping that is of no use any more is forgotten, in small batches, so that no table grows for ever.

Rows are claimed with ``SKIP LOCKED``: several processes may prune at once, and none waits for another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
import structlog

from shared.database.connection import translate

BATCH = 1_000
"""Rows in one statement: a few milliseconds, so that nobody waits behind it."""
_BETWEEN_BATCHES_SECONDS = 0.1
_BETWEEN_ROUNDS_SECONDS = 3_600.0
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Perishable:
    """Rows that may go when they are ``kept`` long enough.

    ``statement`` deletes at most ``$2`` rows older than ``$1`` (an interval) and returns one row for each.
    """

    name: str
    statement: str
    kept: timedelta


class Pruning:
    """Prunes once an hour, as a service."""

    name = "pruning"

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], perishables: Sequence[Perishable]) -> None:
        self._pool = pool
        self._perishables = perishables

    async def run(self) -> None:
        """Prune until cancelled.

        Raises:
            DatabaseUnavailable: run again.
        """
        while True:
            await self.prune()
            await asyncio.sleep(_BETWEEN_ROUNDS_SECONDS)

    async def prune(self) -> int:
        """Forget what is due now; returns how many rows.

        Raises:
            DatabaseUnavailable: what is left goes the next time.
        """
        return sum([await self._all_of(perishable) for perishable in self._perishables])

    async def _all_of(self, perishable: Perishable) -> int:
        gone, full = 0, True
        while full:
            with translate():
                rows = await self._pool.fetch(perishable.statement, perishable.kept, BATCH)
            gone, full = gone + len(rows), len(rows) == BATCH
            if full:
                await asyncio.sleep(_BETWEEN_BATCHES_SECONDS)
        if gone:
            _log.info("pruned", what=perishable.name, rows=gone)
        return gone
