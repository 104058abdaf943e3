"""An event loop whose time is virtual and whose order of events follows from the program alone.

Time stands still while anything can run or a statement is on its way to PostgreSQL, and jumps to the next timer when
nothing does. Answers of the server are taken in only when nothing else can run, so no race with the machine's speed
is left. A statement that waits for another's lock is no reason to stand still: ``Overseer`` can tell.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Executor
from contextvars import Context
from dataclasses import dataclass, field
from heapq import heappush
from itertools import count
from time import monotonic
from typing import Any, TypeVar

from bench.simulator.overseer import Overseer

T = TypeVar("T")
_MOMENT = 0.001
_LONGEST_STATEMENT_SECONDS = 30.0


class Stuck(RuntimeError):
    """Nothing can ever happen any more, or a statement does not end: a mistake of the simulator."""


@dataclass(slots=True, order=True)
class Flight:
    """A statement for the server process ``pid``: ``start`` sends it, ``land`` lets its answer be seen."""

    number: int
    pid: int = field(compare=False)
    start: Callable[[], None] = field(compare=False)
    land: Callable[[], None] = field(compare=False)


class _Timer(asyncio.TimerHandle):
    __slots__ = ("number",)
    number: int

    def __lt__(self, other: Any) -> bool:
        return (self.when(), self.number) < (other.when(), other.number)


class VirtualLoop(asyncio.SelectorEventLoop):
    """See the module."""

    _scheduled: list[asyncio.TimerHandle]

    def __init__(self, overseer: Overseer) -> None:
        self._virtual = 0.0
        self._overseer = overseer
        self._numbers = count(1)
        self._flying: dict[int, Flight] = {}
        self._back: list[Flight] = []
        self._kept: list[Flight] = []
        self._waits: Mapping[int, Collection[int]] = {}
        self._were_waiting: Collection[int] = ()
        super().__init__(_Selector(self))

    def time(self) -> float:
        """Virtual seconds since the start."""
        return self._virtual

    def run_in_executor(self, _: Executor | None, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:
        """Run ``func`` now, in the only thread that there is."""
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001  # it belongs to whoever awaits
            future.set_exception(error)
        return future

    def call_at(
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """As ever; of timers for one moment the first that was set is the first to go off."""
        timer = _Timer(when, callback, args, self, context)
        timer.number = next(self._numbers)
        heappush(self._scheduled, timer)
        timer._scheduled = True  # noqa: SLF001  # as asyncio does it
        return timer

    def take_off(self, pid: int, start: Callable[[], None], land: Callable[[], None], *, locks: bool) -> Flight:
        """Send a statement, or keep it back: while somebody waits for a lock, only who holds it up may take more.

        So there is never a second in the queue for a lock, where PostgreSQL promises no order.
        """
        flight = Flight(next(self._numbers), pid, start, land)
        if locks and not self._may_lock(pid):
            self._kept.append(flight)
        else:
            self._send(flight)
        return flight

    def call_off(self, flight: Flight) -> bool:
        """Whether a statement that was kept back could be taken back."""
        if flight in self._kept:
            self._kept.remove(flight)
            return True
        return False

    def come_back(self, flight: Flight) -> None:
        """Its answer is here. Several are told in the order in which they were asked, not by who was faster."""
        del self._flying[flight.pid]
        self._back.append(flight)
        self.unblock()

    def unblock(self) -> None:
        """Something has changed on the server: who waited for a lock may go on."""
        self._were_waiting, self._waits = self._waits.keys(), {}

    def idle(self, timeout: float | None, look: Callable[[float], Any]) -> Any:
        """Nothing can run: wait for the server if it works for us, else let the time jump by ``timeout``."""
        started = monotonic()
        while ahead := self._flying.keys() - self._waits.keys():
            found = look(0.0 if ahead <= set(self._were_waiting) else _MOMENT)
            if found:
                return found
            self._waits = self._overseer.waits(self._flying)
            if monotonic() - started > _LONGEST_STATEMENT_SECONDS:
                raise Stuck(f"a statement does not end: {ahead}")
        kept = next((flight for flight in self._kept if self._may_lock(flight.pid)), None)
        if self._back:
            back, self._back = sorted(self._back), []
            for flight in back:
                flight.land()
        elif kept is not None:
            self._kept.remove(kept)
            self._send(kept)
        elif timeout is None:
            raise Stuck("nothing is left that could happen")
        else:
            self._virtual += timeout
        return []

    def _send(self, flight: Flight) -> None:
        self._flying[flight.pid] = flight
        flight.start()

    def _may_lock(self, pid: int) -> bool:
        return not self._waits or any(pid in by for by in self._waits.values())


class _Selector(selectors.DefaultSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        if timeout is not None and timeout <= 0:
            return []
        return self._loop.idle(timeout, super().select)
