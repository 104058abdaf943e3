"""Every record of a polled batch is settled before its position is committed: handled, parked, or in quarantine.

A batch that fails is halved until the record that fails is alone. That one is tried three times, with short pauses for
all that fail together, and then parked; whoever is behind it by its key waits there too, and nobody else does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from shared import record_row
from shared.batch import Batch, Handle
from shared.clock import Clock
from shared.errors import Temporary, Undecodable
from shared.eventlog.base import Positions, Record
from shared.events import CloudEvent
from shared.parking import TRIES, Backoff, Parking, Waiting
from shared.quarantine import Quarantine
from shared.readable import read
from shared.tracing import trace_id

_log = structlog.get_logger(__name__)
Place = tuple[int, int]
"""Partition and position."""


@dataclass(frozen=True, slots=True)
class Read:
    """A record that is an event."""

    record: Record
    event: CloudEvent
    key: str

    @property
    def place(self) -> Place:
        return self.record.partition, self.record.position


@dataclass(slots=True)
class _Apart:
    """A batch that failed as a whole. Its parts carry the positions before it, so that none is passed too early."""

    before: Positions
    fence: int
    left: dict[Place, Read]
    failed: dict[str, Exception] = field(default_factory=dict)
    """By key: why the first record left of it failed."""


class Settling:
    """One member of a stage. Not for use by two tasks at once."""

    def __init__(
        self,
        *,
        stage: str,
        handle: Handle,
        quarantine: Quarantine,
        parking: Parking,
        backoff: Backoff,
        clock: Clock,
        retry_seconds: float,
    ) -> None:
        self._stage = stage
        self._handle = handle
        self._quarantine = quarantine
        self._parking = parking
        self._backoff = backoff
        self._clock = clock
        self._retry_seconds = retry_seconds
        self._fence: int | None = None
        self._parked: set[str] = set()

    async def settle(self, records: Sequence[Record], fence: int) -> None:
        """Settle ``records``; then, and only then, they may be committed.

        Raises:
            Temporary: a dependency is away; none is to be committed, and what is settled twice is settled once.
        """
        after = {record.partition: record.position + 1 for record in records}
        free = await self._park_behind(await self._readable(records), fence)
        try:
            await self._handle(Batch.of((one.event for one in free), positions=after, fence=fence))
        except Temporary:
            raise
        except Exception as error:  # noqa: BLE001 - each record is tried alone and accounted for
            _log.warning("worker.batch_failed", stage=self._stage, size=len(free), error=type(error).__name__)
            before = {record.partition: record.position for record in reversed(records)}
            await self._settle_apart(_Apart(before, fence, {one.place: one for one in free}), error)
            await self._handle(Batch.of((), positions=after, fence=fence))

    async def _readable(self, records: Sequence[Record]) -> list[Read]:
        found = []
        for record in records:
            try:
                found.append(Read(record, read(record, self._clock.now()), record_row.key_of(record)))
            except Undecodable as error:
                await self._give_up(record, error)
        return found

    async def _park_behind(self, entries: list[Read], fence: int) -> list[Read]:
        # Only this member parks what it reads, and whoever had its share before: nothing parked, nothing asked.
        if fence != self._fence or self._parked:
            self._parked = await self._parking.keys(self._stage)
            self._fence = fence
        behind = [one for one in entries if one.key in self._parked]
        if behind:
            await self._parking.park(self._stage, [Waiting(one.record) for one in behind], wait=timedelta())
        return [one for one in entries if one.key not in self._parked]

    async def _settle_apart(self, apart: _Apart, failed: Exception) -> None:
        entries = list(apart.left.values())
        if len(entries) == 1:
            await self._blame(apart, entries[0], failed)
        else:
            await self._halve(apart, entries)
        for pause in range(1, TRIES):
            if apart.left:
                await asyncio.sleep(self._retry_seconds * pause)
                apart.failed.clear()
                for one in list(apart.left.values()):
                    await self._divide(apart, [one])
        if apart.left:
            await self._park(apart)

    async def _divide(self, apart: _Apart, entries: Sequence[Read]) -> None:
        """Handle what can be of ``entries``; who is behind a record that has failed is left with it."""
        entries = [one for one in entries if one.key not in apart.failed]
        if not entries:
            return
        before = {one.record.partition: apart.before[one.record.partition] for one in entries}
        try:
            await self._handle(Batch.of((one.event for one in entries), positions=before, fence=apart.fence))
        except Temporary:
            raise
        except Exception as error:  # noqa: BLE001 - the record that fails is found, and kept with its reason
            if len(entries) == 1:
                await self._blame(apart, entries[0], error)
            else:
                await self._halve(apart, entries)
        else:
            for one in entries:
                del apart.left[one.place]

    async def _halve(self, apart: _Apart, entries: Sequence[Read]) -> None:
        middle = len(entries) // 2
        await self._divide(apart, entries[:middle])
        await self._divide(apart, entries[middle:])

    async def _blame(self, apart: _Apart, one: Read, error: Exception) -> None:
        if isinstance(error, Undecodable):
            await self._give_up(one.record, error)
            del apart.left[one.place]
        else:
            apart.failed[one.key] = error

    async def _park(self, apart: _Apart) -> None:
        """Park what is left: per key the record that failed, with its reason, and those behind it."""
        waiting, seen = [], set[str]()
        for one in apart.left.values():
            if one.key in seen:
                waiting.append(Waiting(one.record))
                continue
            seen.add(one.key)
            error = apart.failed[one.key]
            _log.error("worker.parked", stage=self._stage, **_origin(one.record), exc_info=error)
            waiting.append(Waiting(one.record, record_row.reason_of(error), TRIES))
        await self._parking.park(self._stage, waiting, wait=self._backoff.after(TRIES) or timedelta())
        self._parked |= seen

    async def _give_up(self, record: Record, error: Undecodable) -> None:
        _log.error("worker.quarantined", stage=self._stage, **_origin(record))
        await self._quarantine.put(self._stage, record, record_row.reason_of(error))


def _origin(record: Record) -> dict[str, object]:
    place = {"stream": record.stream, "partition": record.partition, "position": record.position}
    return place | {"trace_id": trace_id(record.headers)}
