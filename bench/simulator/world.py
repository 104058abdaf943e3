"""One simulated world: its clock, its database, its broker, and what may be asked of them by the processes in it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

from bench.simulator.connection import IDLE_LIMITS, SimConnection, SimPool
from bench.simulator.dice import Dice
from bench.simulator.log import SimLog
from bench.simulator.loop import VirtualLoop
from bench.simulator.overseer import Overseer
from bench.simulator.process import PROCESS, Process
from bench.simulator.wire import Settings, Wire
from services.router.commands import assign
from shared.database import connection as driver
from shared.database.wakeups import Wakeups
from shared.eventlog.memory import MemoryBroker

START = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
URL = "postgresql://simulated"


class SimClock:
    """The loop's time, as the product's clock."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def now(self) -> datetime:
        return START + timedelta(seconds=self._loop.time())

    def monotonic(self) -> float:
        return self._loop.time()


class SimWakeups(Wakeups):
    """Hints without a connection; they come late or not at all, as real ones."""

    def __init__(self) -> None:
        super().__init__(URL)
        self._in_order: list[tuple[str, asyncio.Event]] = []

    def subscribe(self, channel: str) -> asyncio.Event:
        event = super().subscribe(channel)
        self._in_order.append((channel, event))
        return event

    def hint(self, channel: str) -> None:
        """Somebody has written."""
        for wanted, event in self._in_order:
            if wanted == channel:
                event.set()


class World:
    """What a run is made of. ``inside`` puts its connections in the place of asyncpg's."""

    def __init__(self, url: str, *, loop: VirtualLoop, overseer: Overseer, dice: Dice) -> None:
        self.loop = loop
        self.dice = dice
        self.clock = SimClock(loop)
        self.broker = MemoryBroker()
        self.broker.incarnation = "simulated"
        self.processes: list[Process] = []
        self.crashes: list[tuple[float, str]] = []
        self.crashed: Callable[[Process], None] = lambda _: None
        self.wire = Wire(url, loop=loop, overseer=overseer, clock=self.clock)
        self._wakeups: dict[Process, SimWakeups] = {}

    @contextmanager
    def inside(self) -> Iterator[None]:
        """While this lasts, whoever in the product opens a connection gets one of this world."""
        with patch.object(driver, "_open", self._open), patch.object(assign, "uuid4", self._uuid):
            yield

    def process(self, name: str, main: Callable[[Process], Awaitable[None]]) -> Process:
        """A process of this world, not started."""
        made = Process(name, self.dice, lambda: main(made), crashed=self._crash)
        self.processes.append(made)
        return made

    def pool(self, process: Process) -> SimPool:
        """What the process takes for its pool."""
        return SimPool(lambda: self._connect(process, ()))

    def log(self, process: Process) -> SimLog:
        """The process's connection to the log."""
        return SimLog(self.broker, process=process, dice=self.dice)

    def wakeups(self, process: Process) -> SimWakeups:
        """The process's hints."""
        self._wakeups[process] = SimWakeups()
        return self._wakeups[process]

    def calm(self) -> None:
        """From now on nothing goes wrong; who sleeps wakes up."""
        self.dice.calm = True
        for process in self.processes:
            process.wake()

    async def read(self, query: str) -> list[Any]:
        """Read past all faults and delays."""
        raw = await self.wire.take()
        rows: list[Any] = await self.wire.perform(raw, lambda: raw.fetch(query))
        self.wire.give_back(raw, (), locked=False)
        return rows

    def _uuid(self) -> UUID:
        return UUID(int=self.dice.random.getrandbits(128), version=4)

    async def _open(self, *_: Any, server_settings: dict[str, str], **__: Any) -> SimConnection:
        limits = {name: float(value.rstrip("s")) for name, value in server_settings.items() if name in IDLE_LIMITS}
        hot = server_settings.keys() - {"application_name", *limits}
        settings = tuple((name, server_settings[name]) for name in sorted(hot))
        return await self._connect(PROCESS.get(), settings, limits)

    async def _connect(
        self, process: Process, settings: Settings, limits: Mapping[str, float] | None = None
    ) -> SimConnection:
        await process.gate()
        raw = await self.wire.take(settings)
        return SimConnection(
            raw,
            settings=settings,
            limits=limits or {},
            wire=self.wire,
            dice=self.dice,
            process=process,
            notified=self._notified,
        )

    def _notified(self, channels: set[str]) -> None:
        for process, wakeups in self._wakeups.items():
            for channel in sorted(channels):
                if not process.dead and not self.dice.falls("hint_lost"):
                    self.loop.call_later(self.dice.latency(), wakeups.hint, channel)

    def _crash(self, process: Process) -> None:
        self._wakeups.pop(process, None)
        self.crashed(process)
        self.crashes.append((self.loop.time(), process.name))
        self.loop.call_later(self.dice.random.uniform(0.2, 3.0), process.start)
