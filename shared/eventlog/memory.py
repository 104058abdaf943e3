"""The event log in memory: a real one, for tests and simulation. A broker outlives the logs that are connected to it.

A dead member (its log was closed) loses its share at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from uuid import uuid4

from shared.errors import LogUnavailable
from shared.eventlog.base import Positions, PositionStore, Record
from shared.eventlog.encoding import PARTITIONS, encode
from shared.events import CloudEvent
from shared.within import within


class MemoryBroker:
    """What all logs of one world share: the records, and who reads them."""

    def __init__(self) -> None:
        self.wipe()

    def wipe(self) -> None:
        """Lose every record, as a broker whose disk was replaced."""
        self.incarnation = str(uuid4())
        self.parts: dict[tuple[str, int], list[Record]] = {}
        self.groups: dict[tuple[str, str], _Group] = {}
        self.changed = asyncio.Event()
        self.available = True

    def part(self, stream: str, number: int) -> list[Record]:
        return self.parts.setdefault((stream, number), [])

    def wake(self) -> None:
        """Tell everybody who waits that something changed."""
        self.changed.set()
        self.changed = asyncio.Event()


class _Group:
    def __init__(self) -> None:
        self.members: list[MemorySubscription] = []
        self.committed = dict.fromkeys(range(PARTITIONS), 0)
        self.generation = 0

    def change(self, members: list[MemorySubscription]) -> None:
        self.members = members
        self.generation += 1

    def share(self, member: MemorySubscription) -> list[int]:
        if member not in self.members:
            return []
        return list(range(self.members.index(member), PARTITIONS, len(self.members)))


class MemorySubscription:
    """One member of a group; see the port."""

    def __init__(self, broker: MemoryBroker, stream: str, group: str, positions: PositionStore | None) -> None:
        self._broker = broker
        self._stream = stream
        self._group_name = group
        self._positions = positions
        self._next: dict[int, int] = {}
        self._committed: dict[int, int] = {}
        self._incarnation = ""
        self._loaded: tuple[int, str] | None = None
        self.fence = 0

    def _group(self) -> _Group:
        return self._broker.groups.setdefault((self._stream, self._group_name), _Group())

    async def join(self) -> None:
        """Become a member; its share is known from then on."""
        group = self._group()
        group.change([*group.members, self])
        await self._take_share()

    async def poll(self, *, limit: int, wait: float) -> list[Record]:
        """See the port."""
        async with within(wait):
            while True:
                changed = self._broker.changed
                if records := await self._read(limit):
                    return records
                await changed.wait()
        return []

    async def _read(self, limit: int) -> list[Record]:
        if not self._broker.available:
            raise LogUnavailable("the memory log is switched off")
        await self._take_share()
        records: list[Record] = []
        for part in self._next:
            start = self._next[part]
            records += self._broker.part(self._stream, part)[start : start + limit - len(records)]
        for record in records:
            self._next[record.partition] = record.position + 1
        if records:  # partitions take turns at being first
            first = next(iter(self._next))
            self._next[first] = self._next.pop(first)
        return records

    async def _take_share(self) -> None:
        group = self._group()
        if self._incarnation and self._incarnation != self._broker.incarnation and self not in group.members:
            group.change([*group.members, self])
        current = group.generation, self._broker.incarnation
        if self._loaded == current:
            return
        self.fence, self._incarnation = current
        self._loaded = None  # until the positions are known, so that a failure here is made good at the next poll
        await self._load()
        self._loaded = current

    async def _load(self) -> None:
        group = self._group()
        parts = group.share(self)
        stored: Positions = group.committed
        if self._positions is not None:
            stored = await self._positions.load(parts, fence=self.fence, incarnation=self._incarnation)
        self._committed = {part: stored.get(part, 0) for part in parts}
        self._next = dict(self._committed)

    async def commit(self, positions: Positions) -> None:
        """See the port."""
        if not self._broker.available:
            raise LogUnavailable("the memory log is switched off")
        group = self._group()
        for part in set(group.share(self)) & positions.keys() & self._committed.keys():
            if self._incarnation == self._broker.incarnation:
                group.committed[part] = self._committed[part] = positions[part]

    async def rewind(self) -> None:
        """See the port. The share may be another's by now, so the next poll asks for it anew."""
        self._loaded = None

    async def lag(self) -> int:
        """See the port."""
        await self._take_share()
        return sum(len(self._broker.part(self._stream, part)) - done for part, done in self._committed.items())

    async def close(self) -> None:
        """See the port."""
        self.die()

    def die(self) -> None:
        """Leave without a word; what was not committed goes to the others."""
        group = self._group()
        if self in group.members:
            group.change([member for member in group.members if member is not self])
        self._broker.wake()


class MemoryLog:
    """One connection to a broker; see the port."""

    def __init__(self, broker: MemoryBroker | None = None) -> None:
        self.broker = broker or MemoryBroker()
        self._members: list[MemorySubscription] = []

    async def publish(self, stream: str, events: Sequence[CloudEvent]) -> None:
        """See the port."""
        if not self.broker.available:
            raise LogUnavailable("the memory log is switched off")
        for event in [encode(event) for event in events]:
            part = self.broker.part(stream, event.partition)
            part.append(Record(stream, event.partition, len(part), event.key, event.headers, event.value))
        self.broker.wake()

    async def subscribe(self, stream: str, group: str, *, positions: PositionStore | None = None) -> MemorySubscription:
        """See the port."""
        member = MemorySubscription(self.broker, stream, group, positions)
        self._members.append(member)
        try:
            await member.join()
        except BaseException:
            member.die()
            raise
        return member

    async def incarnation(self, stream: str) -> str:  # noqa: ARG002  # all streams live and die together
        """See the port."""
        if not self.broker.available:
            raise LogUnavailable("the memory log is switched off")
        return self.broker.incarnation

    async def tail(self, stream: str, *, from_end: bool = True) -> AsyncIterator[Record]:
        """See the port; the end is where it is at the first ``anext``."""
        parts = [self.broker.part(stream, number) for number in range(PARTITIONS)]
        following = [len(part) if from_end else 0 for part in parts]
        while True:
            changed = self.broker.changed
            for number, part in enumerate(parts):
                while following[number] < len(part):
                    following[number] += 1
                    yield part[following[number] - 1]
            await changed.wait()

    async def close(self) -> None:
        """See the port."""
        for member in self._members:
            member.die()
