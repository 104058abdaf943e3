"""How much may be accepted while the log is away: so much that an outage of hours goes unnoticed, and no more.

A receipt that cannot be published is kept, with its raw bytes, until it can be. Beyond the limit the doors refuse, so
that senders keep what our disk would not hold.
"""

from __future__ import annotations

import asyncio

import structlog

from services.ingest.channel import Accepting, Delivery, Receipt
from services.ingest.store import publishing
from shared.database.connection import Held
from shared.errors import Overloaded

_LOOK_SECONDS = 1.0
_RETRY_AFTER = 10.0
_log = structlog.get_logger(__name__)


class Backlog:
    """Looks how many receipts are not on the log yet, as a service, and refuses for them all once it is too many."""

    name = "ingest.backlog"

    def __init__(self, accept: Accepting, *, database_url: str, most: int, look_seconds: float = _LOOK_SECONDS) -> None:
        self._accept = accept
        self._held = Held(database_url, name=self.name, hot=True)
        self._most = most
        self._look_seconds = look_seconds
        self._full = False

    async def submit(self, delivery: Delivery) -> Receipt:
        """See ``Accepting``."""
        if self._full:
            raise Overloaded("too much waits for the event log", retry_after=_RETRY_AFTER)
        return await self._accept.submit(delivery)

    async def run(self) -> None:
        """Look until cancelled.

        Raises:
            DatabaseUnavailable: nobody is refused for what is not known; run again.
        """
        try:
            while True:
                async with self._held.use() as connection:
                    full = await publishing.waiting(connection, at_most=self._most) >= self._most
                if full != self._full:
                    _log.warning("backlog.full" if full else "backlog.has_room", most=self._most)
                self._full = full
                await asyncio.sleep(self._look_seconds)
        finally:
            self._full = False
            await self._held.close()
