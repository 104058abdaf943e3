"""How long streams keep their records, for adapters whose store does not forget by itself."""

from __future__ import annotations

import asyncio
from typing import Protocol

DAYS = 7.0
"""Time to notice an outage of a reader, and to mend it over a weekend."""
_BETWEEN_SECONDS = 3_600.0


class Prunable(Protocol):
    """A log that can forget."""

    async def prune(self, days: float) -> int:
        """Delete records older than ``days``; returns how many."""
        ...


class Retention:
    """Prunes once an hour, as a service; several at once do no harm."""

    name = "log-retention"

    def __init__(self, *, log: Prunable, days: float = DAYS) -> None:
        self._log = log
        self._days = days

    async def run(self) -> None:
        """Prune until cancelled.

        Raises:
            LogUnavailable: run again.
        """
        while True:
            await self._log.prune(self._days)
            await asyncio.sleep(_BETWEEN_SECONDS)
