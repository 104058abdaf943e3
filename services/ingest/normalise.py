"""Bytes → draft, for deliveries that came without one: today mail. Nothing here can refuse a delivery.

Several mails are read at once, so that a slow one holds up none; a process that dies in the middle leaves the receipt
as it was, and it is read again. Two replicas may read the same mail: the first to finish is kept.
"""

from __future__ import annotations

import asyncio

import structlog

from services.ingest.mail.lanes import Lanes
from services.ingest.store import normalising
from services.ingest.store.normalising import Unread
from shared.database.connection import Held
from shared.database.wakeups import Wakeups
from shared.errors import Temporary

_AT_ONCE = 64
_BYTES_AT_ONCE = 100_000_000
_POLL_SECONDS = 0.25

log = structlog.get_logger(__name__)


class Normaliser:
    """The loop that reads mail."""

    name = "ingest.normalise"

    def __init__(self, *, database_url: str, wakeups: Wakeups, lanes: Lanes) -> None:
        self._held = Held(database_url, name=self.name, hot=True)
        self._wakeup = wakeups.subscribe("ingest_unread")
        self._lanes = lanes
        self._in_work: dict[int, tuple[int, asyncio.Task[None]]] = {}

    async def run(self) -> None:
        """Read what waits until cancelled.

        Raises:
            DatabaseUnavailable: what was in work is read again in the next run.
        """
        try:
            while True:
                self._wakeup.clear()
                if not await self._start_some():
                    await self._wait()
                self._raise_failures()
        finally:
            await self._stop()

    async def _start_some(self) -> int:
        room = _AT_ONCE - len(self._in_work)
        if room <= 0:
            return 0
        async with self._held.use() as connection:
            found = await normalising.waiting(connection, but=self._in_work, limit=room)
        started = 0
        for unread in found:
            size = sum(size for size, _ in self._in_work.values())
            if self._in_work and size + unread.size > _BYTES_AT_ONCE:
                continue
            self._in_work[unread.seq] = (unread.size, asyncio.create_task(self._read(unread)))
            started += 1
        return started

    async def _wait(self) -> None:
        hint = asyncio.create_task(self._wakeup.wait())
        tasks = [task for _, task in self._in_work.values()]
        await asyncio.wait([hint, *tasks], timeout=_POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        hint.cancel()

    def _raise_failures(self) -> None:
        done = [seq for seq, (_, task) in self._in_work.items() if task.done()]
        for _, task in [self._in_work.pop(seq) for seq in done]:
            task.result()

    async def _read(self, unread: Unread) -> None:
        async with self._held.use() as connection:
            envelope, raw = await normalising.raw(connection, unread)
        parsed = await self._lanes.read(raw, null_sender=envelope.get("mail_from") in {"", "<>"})
        draft = parsed.draft(recipient=envelope.get("recipient"))
        async with self._held.use() as connection:
            await normalising.keep(connection, unread, draft)

    async def _stop(self) -> None:
        tasks = [task for _, task in self._in_work.values()]
        self._in_work.clear()
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception) and not isinstance(outcome, Temporary):
                log.error("mail_not_read", exc_info=outcome)
        await self._lanes.close()
        await self._held.close()
