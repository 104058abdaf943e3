"""Between the simulated processes and PostgreSQL: a few real connections that are lent out again and again.

A statement takes no virtual time by itself. The database's clock is the world's: ``now()`` of the template database
reads a row that is brought up to date before a statement.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import Context
from typing import Any, TypeVar

import asyncpg

from bench.simulator.loop import Flight, VirtualLoop
from bench.simulator.overseer import Overseer
from shared.clock import Clock

T = TypeVar("T")
_TICK_SECONDS = 0.02
Settings = tuple[tuple[str, str], ...]


class Wire:
    """The real connections of one world."""

    def __init__(self, url: str, *, loop: VirtualLoop, overseer: Overseer, clock: Clock) -> None:
        self._url = url
        self._loop = loop
        self._overseer = overseer
        self._clock = clock
        self._idle: dict[Settings, list[asyncpg.Connection]] = defaultdict(list)
        self._all: list[asyncpg.Connection] = []
        self._ticking: asyncpg.Connection | None = None
        self._tick = asyncio.Lock()
        self._next_tick = 0.0
        self._outside = Context()
        self._dialling = 0
        self._errands: dict[int, _Errand] = {}

    async def take(self, settings: Settings = ()) -> asyncpg.Connection:
        """A connection that nobody uses, as good as new."""
        if self._idle[settings]:
            return self._idle[settings].pop()
        self._dialling -= 1
        return await self._fly(self._dialling, self._dial(settings))

    def perform(
        self, raw: asyncpg.Connection, call: Callable[[], Awaitable[T]], *, locks: bool = False
    ) -> asyncio.Future[T]:
        """Let the server work on a statement; ``locks`` says that it may have to wait for somebody."""
        return self._fly(raw.get_server_pid(), self._timely(call), locks=locks)

    def give_back(self, raw: asyncpg.Connection, settings: Settings, *, locked: bool) -> None:
        """Whoever had it is gone: roll back, free its locks. Whose statement still waits for a lock is ended."""
        errand = self._errands.get(raw.get_server_pid())
        if errand is not None and errand.under_way:
            if self._loop.call_off(errand.flight):
                errand.work.close()
                self._fly(raw.get_server_pid(), self._clean(raw, settings))
            else:
                self._overseer.end([errand.flight.pid])
                self._loop.unblock()
        elif locked or raw.is_in_transaction():
            self._fly(raw.get_server_pid(), self._clean(raw, settings))
        else:
            self._idle[settings].append(raw)

    def close(self) -> None:
        """Let all go; the server will notice."""
        for raw in self._all:
            raw.terminate()

    def _fly(self, pid: int, work: Coroutine[Any, Any, Any], *, locks: bool = False) -> asyncio.Future[Any]:
        errand = _Errand(self._loop, work, self._outside)
        self._errands[pid] = errand
        errand.flight = self._loop.take_off(pid, errand.start, errand.land, locks=locks)
        return errand.answer

    async def _dial(self, settings: Settings) -> asyncpg.Connection:
        raw = await asyncpg.connect(self._url, command_timeout=None, server_settings=dict(settings))
        await raw.set_type_codec("jsonb", schema="pg_catalog", encoder=_dump, decoder=json.loads)
        self._all.append(raw)
        return raw

    async def _timely(self, call: Callable[[], Awaitable[T]]) -> T:
        async with self._tick:
            if self._loop.time() >= self._next_tick:
                if self._ticking is None:
                    self._ticking = await self._dial(())
                self._next_tick = self._loop.time() + _TICK_SECONDS
                await self._ticking.execute("UPDATE sim.clock SET at = $1", self._clock.now())
        return await call()

    async def _clean(self, raw: asyncpg.Connection, settings: Settings) -> None:
        if raw.is_in_transaction():
            raw._top_xact = None  # noqa: SLF001  # asyncpg complains of a transaction that its pool would end
            await raw.execute("ROLLBACK")
        await raw.execute("SELECT pg_advisory_unlock_all()")
        self._idle[settings].append(raw)


class _Errand:
    """A statement, from being asked for until its answer is told."""

    flight: Flight

    def __init__(self, loop: VirtualLoop, work: Coroutine[Any, Any, Any], outside: Context) -> None:
        self.work = work
        self.answer: asyncio.Future[Any] = loop.create_future()
        self.under_way = True
        self._loop = loop
        self._outside = outside
        self._task: asyncio.Task[Any] | None = None

    def start(self) -> None:
        self._task = self._loop.create_task(self.work, context=self._outside)
        self._task.add_done_callback(lambda _: self._loop.come_back(self.flight))

    def land(self) -> None:
        assert self._task is not None  # it has come back
        self.under_way = False
        error = self._task.exception()
        if self.answer.done():  # whoever wanted to know is gone
            return
        if error is None:
            self.answer.set_result(self._task.result())
        else:
            self.answer.set_exception(error)
            self.answer.exception()  # nobody may be left who wants to know


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
