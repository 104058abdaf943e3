"""One member of a group that reads a stream from Kafka; see the port."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, NoOffsetForPartitionError, OffsetOutOfRangeError

from shared.errors import LogUnavailable
from shared.eventlog.base import Positions, PositionStore, Record
from shared.eventlog.kafka.control import Control
from shared.eventlog.kafka.faults import bounded
from shared.eventlog.kafka.membership import Membership
from shared.eventlog.kafka.options import Patience
from shared.eventlog.kafka.reading import as_records
from shared.eventlog.kafka.starting import Start, Starting
from shared.eventlog.kafka.streams import Streams
from shared.eventlog.kafka.watchdog import Watchdog
from shared.health import Health
from shared.within import within

_log = structlog.get_logger(__name__)
_LOOK_SECONDS = 0.5
_SPARE_SECONDS = 1.0
_DISPLACED = (IllegalStateError, NoOffsetForPartitionError, OffsetOutOfRangeError)
"""The share changed hands under a fetch, or the stream is not what it was."""


class KafkaSubscription:
    """See the port. Whatever goes wrong between two polls, the next one begins at what is known to be done."""

    def __init__(
        self,
        client: Mapping[str, Any],
        stream: str,
        group: str,
        *,
        streams: Streams,
        control: Control,
        patience: Patience,
        positions: PositionStore | None,
        health: Health,
    ) -> None:
        self._client = client
        self._stream = stream
        self._group = group
        self._streams = streams
        self._patience = patience
        self._health = health
        self._control = control
        self._starting = Starting(
            stream, group, streams=streams, control=control, positions=positions, patience=patience
        )
        self._watchdog = Watchdog(stream, group, control=control, seconds=patience.stall)
        self._membership: Membership | None = None
        self._start: Start | None = None
        self._following: dict[int, int] = {}
        self._done: dict[int, int] = {}
        self._owed: dict[int, int] = {}
        self._astray_since: float | None = None

    @property
    def fence(self) -> int:
        """See the port."""
        return self._start.fence if self._start else 0

    async def join(self) -> None:
        """Become a member; the share is known from then on.

        Raises:
            LogUnavailable: not in time.
        """
        self._say(False, "not a member of its group yet")
        await self._streams.incarnation(self._stream)
        await self._renew()

    async def poll(self, *, limit: int, wait: float) -> list[Record]:
        """See the port."""
        deadline = asyncio.get_running_loop().time() + wait
        while True:
            membership = await self._member()
            left = max(0.0, deadline - asyncio.get_running_loop().time())
            if await self._is_current(membership, left):
                records = await self._read(membership, limit, left)
                if records:
                    return records
            if asyncio.get_running_loop().time() >= deadline:
                await self._look_after()
                return []

    async def commit(self, positions: Positions) -> None:
        """See the port. A broker that does not answer is told again with the next commit, or when the lag is asked."""
        if self._start is None or self._membership is None:
            return
        mine = {part: pos for part, pos in positions.items() if part in self._done}
        self._done |= mine
        self._owed |= mine
        await self._settle(self._membership, self._start)

    async def rewind(self) -> None:
        """See the port."""
        self._start = None

    async def lag(self) -> int:
        """See the port."""
        membership = await self._member()
        await self._is_current(membership, _LOOK_SECONDS)
        if self._start is None or not self._done:
            return 0
        if self._owed:
            await self._settle(membership, self._start)
        ends = await self._control.ends(self._stream, list(self._done))
        return sum(max(0, ends.get(part, 0) - done) for part, done in self._done.items())

    async def close(self) -> None:
        """See the port."""
        membership, self._membership, self._start = self._membership, None, None
        if membership is not None:
            await membership.leave()

    async def _member(self) -> Membership:
        if self._membership is not None and self._is_astray():
            await self._replace()
        if self._membership is None:
            self._say(False, "not a member of its group")
            await self._renew()
        assert self._membership is not None  # noqa: S101  # for the type checker
        return self._membership

    def _is_astray(self) -> bool:
        """Whether no share could be taken over for so long that the member may be one in name only."""
        now = asyncio.get_running_loop().time()
        if self._start is not None or self._astray_since is None:
            self._astray_since = now if self._start is None else None
            return False
        return now - self._astray_since > self._patience.stall

    async def _replace(self) -> None:
        _log.warning("log.member_replaced", group=self._group, stream=self._stream)
        await self.close()

    async def _renew(self) -> None:
        """A new member, for a first time or because the old one learns of nothing any more."""
        await self.close()
        self._astray_since = None
        self._membership = await Membership.join(self._client, self._stream, self._group, self._patience)
        self._watchdog.reset()
        if not await self._is_current(self._membership, self._patience.join):
            raise LogUnavailable(f"{self._group} is rearranging itself")

    async def _is_current(self, membership: Membership, wait: float) -> bool:
        """Whether the share is known and read from the right place; looks that up if it is new."""
        share = membership.share
        if share.partitions is None:
            self._start = None
            async with within(min(wait, _LOOK_SECONDS)):
                await share.changed.wait()
        if self._start is not None and not self._starting.holds(self._start, membership):
            self._start = None
        if self._start is None and share.partitions is not None:
            await self._take_over(membership)
        return self._start is not None

    async def _take_over(self, membership: Membership) -> None:
        start = await self._starting.look_up(membership)
        if not self._starting.holds(start, membership) or not self._seek(membership, start.positions):
            return  # it changed hands meanwhile
        self._start = start
        self._astray_since = None
        self._owed = {}
        self._done = dict(start.positions)
        self._say(True, f"{len(start.positions)} partitions")

    def _seek(self, membership: Membership, positions: Positions) -> bool:
        try:
            for part, pos in positions.items():
                membership.consumer.seek(TopicPartition(self._stream, part), pos)
        except IllegalStateError:
            return False
        self._following = dict(positions)
        return True

    async def _read(self, membership: Membership, limit: int, wait: float) -> list[Record]:
        """What there is; if the share changes hands meanwhile, nothing, and nothing is skipped."""
        start = self._start
        try:
            async with bounded(wait + self._patience.ask, f"reading {self._stream}"):
                records = as_records(await self._fetch(membership, limit, wait))
        except BaseException as error:
            self._start = None  # what was fetched of other partitions is fetched again
            if not isinstance(error.__cause__, _DISPLACED):
                raise
            self._streams.forget()
            return []
        if start is None or not self._starting.holds(start, membership):
            self._start = None
            return []
        for record in records:
            self._following[record.partition] = record.position + 1
        if records:
            self._watchdog.reset()
        return records

    async def _fetch(self, membership: Membership, limit: int, wait: float) -> Iterable[Any]:
        """Partitions take turns at being first; waiting is for whichever comes first."""
        fetched: list[Any] = []
        for part in list(self._following):
            place = TopicPartition(self._stream, part)
            found = await membership.consumer.getmany(place, timeout_ms=0, max_records=limit - len(fetched))
            fetched += found.get(place, [])
            if len(fetched) >= limit:
                break
        if fetched:
            first = next(iter(self._following))
            self._following[first] = self._following.pop(first)
        elif wait > 0:
            async with within(min(wait, _LOOK_SECONDS) + _SPARE_SECONDS):
                milliseconds = max(1, round(min(wait, _LOOK_SECONDS) * 1_000))
                waited = await membership.consumer.getmany(timeout_ms=milliseconds, max_records=limit)
                fetched = [record for batch in waited.values() for record in batch]
        return fetched

    async def _settle(self, membership: Membership, start: Start) -> None:
        """Tell the broker what is done, with the incarnation it is done of."""
        owed = {TopicPartition(self._stream, part): (pos, start.incarnation) for part, pos in self._owed.items()}
        if not owed:
            return
        try:
            async with bounded(self._patience.commit, f"committing {self._group}"):
                await membership.consumer.commit(owed)
        except LogUnavailable as error:
            if not isinstance(error.__cause__, CommitFailedError | IllegalStateError):
                _log.warning("log.commit_waits", group=self._group, error=str(error))
                return
            self._start = None  # the share went to another member, who begins where the last commit was
        self._owed = {}

    async def _look_after(self) -> None:
        """A member that learns of nothing although there is something is replaced."""
        if self._start is None or not self._watchdog.is_due():
            return
        ends = await self._control.ends(self._stream, list(self._following)) if self._following else {}
        if await self._watchdog.is_stuck(self._following, ends):
            await self._replace()

    def _say(self, good: bool, detail: str) -> None:
        self._health.set(f"log.{self._group}", good, detail)
