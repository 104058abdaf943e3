"""A process of the simulated world: it can be frozen, killed, and started again.

Everything that runs in it is marked by a context variable, so that whoever opens a connection or crosses a gate is
known without the product's help.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import ContextVar, copy_context
from typing import Any, Protocol, TypeVar

from bench.simulator.dice import Dice

T = TypeVar("T")
_LONGEST_FUSE = 6
PROCESS: ContextVar[Process] = ContextVar("process")


class Closing(Protocol):
    """What ends with its process: a connection, a membership."""

    def terminate(self) -> None:
        """End at once, without a word."""
        ...


class Process:
    """``main`` is what runs in it. ``crashed`` is told of each death."""

    def __init__(
        self, name: str, dice: Dice, main: Callable[[], Awaitable[None]], *, crashed: Callable[[Process], None]
    ) -> None:
        self.name = name
        self.dead = True
        self.turns = 0
        self.paused_until = 0.0
        self._dice = dice
        self._main = main
        self._crashed = crashed
        self._fuse: int | None = None
        self._tasks: dict[asyncio.Task[Any], None] = {}
        self._closing: dict[Closing, None] = {}

    def start(self) -> None:
        """Begin to run."""
        self.dead, self._fuse, self.paused_until = False, None, 0.0
        self.spawn(self._main())

    def spawn(self, work: Coroutine[Any, Any, T] | Awaitable[T]) -> asyncio.Task[T]:
        """Run ``work`` inside the process; it is cancelled if the process dies."""
        inside = copy_context()
        inside.run(PROCESS.set, self)
        return asyncio.get_running_loop().create_task(_awaited(work), context=inside)

    def adopt(self, task: asyncio.Task[Any]) -> None:
        """Count ``task`` among the process's own."""
        self._tasks[task] = None
        task.add_done_callback(lambda done: self._tasks.pop(done, None))

    def owns(self, thing: Closing) -> None:
        """``thing`` ends with the process."""
        self._closing[thing] = None

    def disowns(self, thing: Closing) -> None:
        """``thing`` has ended."""
        self._closing.pop(thing, None)

    async def gate(self, *, turn: bool = False) -> None:
        """Cross to the outside world, which takes time; the process may be frozen or killed here."""
        loop = asyncio.get_running_loop()
        if not self.dead and turn:
            self._begin_turn(loop.time())
        await self._go_on()
        await asyncio.sleep(self._dice.latency())
        while self.paused_until > loop.time():
            await asyncio.sleep(self.paused_until - loop.time())
            await asyncio.sleep(self._dice.latency())
        if self._fuse is not None:
            self._fuse -= 1
            if self._fuse < 0:
                self.crash()
        await self._go_on()

    async def _go_on(self) -> None:
        if self.dead:
            raise asyncio.CancelledError

    def _begin_turn(self, now: float) -> None:
        self.turns += 1
        if self._fuse is None and self._dice.falls("crash"):
            self._fuse = self._dice.random.randint(0, _LONGEST_FUSE)
        if self._dice.falls("pause"):
            self.paused_until = max(self.paused_until, now + self._dice.pause())

    def crash(self) -> None:
        """Die at once: what was under way is abandoned, no last words are said."""
        self.dead = True
        for thing in list(self._closing):
            thing.terminate()
        self._closing.clear()
        for task in list(self._tasks):
            task.cancel()
        self._crashed(self)

    def wake(self) -> None:
        """End a pause."""
        self.paused_until = 0.0


def made_by(loop: asyncio.AbstractEventLoop, work: Any, **how: Any) -> asyncio.Task[Any]:
    """A task factory: what is made inside a process belongs to it."""
    task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, **how)
    process = how["context"].get(PROCESS) if how.get("context") is not None else PROCESS.get(None)
    if process is not None:
        process.adopt(task)
    return task


async def _awaited(work: Awaitable[T]) -> T:
    return await work
