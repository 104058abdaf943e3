"""Parked records are tried again when they are due: a key at a time, in its order, by whichever member comes first.

The log's positions are not touched here: they may be past a parked record, which the table keeps. A record that fails
its last try goes to quarantine, raw, and those behind it go on.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

import structlog

from shared import record_row
from shared.batch import Batch, Handle
from shared.errors import Temporary, Undecodable
from shared.events import decode
from shared.parking import LEASE, Backoff, Parked, Parking
from shared.quarantine import Quarantine

_log = structlog.get_logger(__name__)
_LOOK_SECONDS = 0.5
_COUNT_SECONDS = 5.0
_ENOUGH = LEASE.total_seconds() * 0.7
"""After so long no further record of a claimed key is begun: the lease must outlast the one in hand."""


class Retries:
    """The loop of one stage, as a service; any number of members may run it."""

    def __init__(
        self, *, stage: str, handle: Handle, quarantine: Quarantine, parking: Parking, backoff: Backoff
    ) -> None:
        self.name = f"{stage}.parked"
        self._stage = stage
        self._handle = handle
        self._quarantine = quarantine
        self._parking = parking
        self._backoff = backoff
        self._count_due = 0.0

    async def run(self) -> None:
        """Try what is due, until cancelled.

        Raises:
            Temporary: a dependency is away; nothing was tried in vain, run again.
        """
        while True:
            if not await self.turn():
                await self._measure()
                await asyncio.sleep(_LOOK_SECONDS)

    async def turn(self) -> bool:
        """Work on one key that is due; ``False``: there was none.

        Raises:
            Temporary: a dependency is away; the key is free again, or will be when its lease ends.
        """
        left = await self._parking.claim(self._stage)
        if not left:
            return False
        try:
            await self._follow(left)
        finally:
            with suppress(Temporary):
                await self._parking.release(left)
        return True

    async def _follow(self, left: list[Parked]) -> None:
        """Take from ``left`` what is settled, until one has to wait again."""
        clock = asyncio.get_running_loop()
        enough = clock.time() + _ENOUGH
        while left and clock.time() < enough:
            parked = left[0]
            error = await self._try(parked)
            wait = None if error is None else self._wait(parked, error)
            if error is not None and wait is not None:
                await self._parking.postpone(parked, reason=record_row.reason_of(error), wait=wait)
                left.remove(parked)
                return
            if error is not None:
                await self._give_up(parked, error)
            await self._parking.remove(parked)
            left.remove(parked)

    async def _try(self, parked: Parked) -> Exception | None:
        record = parked.record
        try:
            event = decode(record.key, record.headers, record.value)
            await self._handle(Batch.of([event], positions={}, fence=0))
        except Temporary:
            raise
        except Exception as error:  # noqa: BLE001 - it waits again, or is kept with its reason
            return error
        return None

    def _wait(self, parked: Parked, error: Exception) -> timedelta | None:
        return None if isinstance(error, Undecodable) else self._backoff.after(parked.tries + 1)

    async def _give_up(self, parked: Parked, error: Exception) -> None:
        record, tries = parked.record, parked.tries + 1
        _log.error(
            "worker.quarantined",
            stage=self._stage,
            stream=record.stream,
            partition=record.partition,
            position=record.position,
            tries=tries,
            exc_info=error,
        )
        await self._quarantine.put(self._stage, record, record_row.reason_of(error), tries=tries)

    async def _measure(self) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._count_due:
            await self._parking.count()
            await self._quarantine.count()
            self._count_due = now + _COUNT_SECONDS
