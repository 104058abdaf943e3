"""A log that was lost is noticed, and who still has what was on it puts it there again.

Readers know a repeat by its id, so whatever is put there twice does no harm; what is not, nobody would ever read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import asyncpg
import structlog

from shared.database.connection import Held
from shared.eventlog.base import EventLog

_log = structlog.get_logger(__name__)
_LOOK_SECONDS = 2.0
_SEEN = """
INSERT INTO log.seen AS before (reader, incarnation) VALUES ($1, $2)
ON CONFLICT (reader) DO UPDATE SET incarnation = excluded.incarnation WHERE before.incarnation <> excluded.incarnation
RETURNING xmax = 0 AS is_first
"""

Again = Callable[[asyncpg.Connection], Awaitable[int]]
"""Has everything published again of which nobody has shown to have it; returns how much that is. Changes no log."""


class Losses:
    """Compares the incarnations of ``streams`` with those seen last, as a service; several at once do no harm.

    A log that was never seen counts as one that was lost: what was published went to another.
    """

    def __init__(
        self,
        *,
        name: str,
        database_url: str,
        log: EventLog,
        streams: Sequence[str],
        again: Again,
        look_seconds: float = _LOOK_SECONDS,
    ) -> None:
        self.name = name
        self._held = Held(database_url, name=name)
        self._log = log
        self._streams = streams
        self._again = again
        self._look_seconds = look_seconds

    async def run(self) -> None:
        """Look until cancelled.

        Raises:
            LogUnavailable, DatabaseUnavailable: run again.
        """
        try:
            while True:
                await self._look()
                await asyncio.sleep(self._look_seconds)
        finally:
            await self._held.close()

    async def _look(self) -> None:
        incarnation = " ".join([await self._log.incarnation(stream) for stream in self._streams])
        async with self._held.use() as connection, connection.transaction():
            is_first = await connection.fetchval(_SEEN, self.name, incarnation)
            if is_first is None:
                return
            count = await self._again(connection)
        if not is_first:
            _log.warning("log.was_lost", loop=self.name, published_again=count)
