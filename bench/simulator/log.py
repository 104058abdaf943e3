"""The event log of one simulated process: the product's own in memory, behind a gate, with a broker's failings."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from bench.simulator.dice import Dice
from bench.simulator.process import Process
from shared.errors import LogUnavailable
from shared.eventlog.base import Positions, PositionStore, Record
from shared.eventlog.encoding import partition_of
from shared.eventlog.memory import MemoryBroker, MemoryLog, MemorySubscription
from shared.events import CloudEvent


class SimLog:
    """See the port ``EventLog``. What it published may be there in part, or whole, when it says that it failed."""

    def __init__(self, broker: MemoryBroker, *, process: Process, dice: Dice) -> None:
        self._inner = MemoryLog(broker)
        self._process = process
        self._dice = dice
        self._members: list[MemorySubscription] = []
        process.owns(self)

    async def publish(self, stream: str, events: Sequence[CloudEvent]) -> None:
        await self._process.gate(turn=True)
        fate = self._dice.fate("publish")
        if fate == "failed":
            broken = self._dice.random.sample(range(8), 4)
            await self._inner.publish(stream, [event for event in events if partition_of(event.key) not in broken])
            raise LogUnavailable("the broker took a part, or nothing")
        await self._inner.publish(stream, events)
        if fate == "unknown":
            raise LogUnavailable("the broker's answer was lost")
        await self._process.gate()

    async def subscribe(self, stream: str, group: str, *, positions: PositionStore | None = None) -> SimSubscription:
        await self._process.gate(turn=True)
        inner = await self._inner.subscribe(stream, group, positions=positions)
        self._members.append(inner)
        return SimSubscription(inner, self._inner.broker, (stream, group), process=self._process, dice=self._dice)

    async def incarnation(self, stream: str) -> str:
        await self._process.gate(turn=True)
        return await self._inner.incarnation(stream)

    def tail(self, stream: str, *, from_end: bool = True) -> AsyncIterator[Record]:
        return self._inner.tail(stream, from_end=from_end)

    async def close(self) -> None:
        self.terminate()

    def terminate(self) -> None:
        """The process is dead: its shares go to the others."""
        for member in self._members:
            member.die()


class SimSubscription:
    """See the port ``Subscription``. Shares change hands, and a commit of a position may be lost."""

    def __init__(
        self,
        inner: MemorySubscription,
        broker: MemoryBroker,
        name: tuple[str, str],
        *,
        process: Process,
        dice: Dice,
    ) -> None:
        self._inner = inner
        self._broker = broker
        self._name = name
        self._process = process
        self._dice = dice

    @property
    def fence(self) -> int:
        return self._inner.fence

    async def poll(self, *, limit: int, wait: float) -> list[Record]:
        if self._dice.falls("rebalance"):
            group = self._broker.groups[self._name]
            group.change([*group.members[1:], *group.members[:1]])
        records = await self._inner.poll(limit=limit, wait=wait)
        await self._process.gate(turn=bool(records))
        return records

    async def commit(self, positions: Positions) -> None:
        await self._process.gate(turn=True)
        if self._dice.falls("position_lost"):
            raise LogUnavailable("the commit of a position was lost")
        await self._inner.commit(positions)

    async def rewind(self) -> None:
        await self._process.gate()
        await self._inner.rewind()

    async def lag(self) -> int:
        return await self._inner.lag()

    async def close(self) -> None:
        self._inner.die()
