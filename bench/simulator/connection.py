"""What the product takes for a connection of asyncpg: every statement crosses its process's gate, and may go wrong.

The settings by which PostgreSQL ends idle sessions are obeyed here, because the server's own clock is the real one.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from bench.simulator.dice import Dice
from bench.simulator.process import Process
from bench.simulator.wire import Settings, Wire

_WRITES = re.compile(r"\b(INSERT INTO|DELETE FROM|(?<!FOR )UPDATE)\b")
_LOCKS = re.compile(r"\b(INSERT INTO|DELETE FROM|UPDATE|FOR SHARE|LOCK TABLE)\b")
_NOTIFIES = re.compile(r"pg_notify\('(\w+)'")
_SETS = re.compile(r"SET (\w+) = '(\d+)s'")
IDLE_LIMITS = ("idle_session_timeout", "idle_in_transaction_session_timeout")


class SimConnection:
    """One session. ``notified`` is called with the channels of each committed transaction."""

    def __init__(
        self,
        raw: asyncpg.Connection,
        *,
        settings: Settings,
        limits: Mapping[str, float],
        wire: Wire,
        dice: Dice,
        process: Process,
        notified: Callable[[set[str]], None],
    ) -> None:
        self._raw = raw
        self._settings = settings
        self._wire = wire
        self._dice = dice
        self._process = process
        self._notified = notified
        self._channels: set[str] = set()
        self._closed = False
        self._locked = False
        self._listeners: list[Callable[[Any], None]] = []
        self._limits = dict(limits)
        self._timer: asyncio.TimerHandle | None = None
        process.owns(self)

    async def fetch(self, query: str, *args: Any) -> Any:
        return await self._statement(query, lambda: self._raw.fetch(query, *args))

    async def fetchrow(self, query: str, *args: Any) -> Any:
        return await self._statement(query, lambda: self._raw.fetchrow(query, *args))

    async def fetchval(self, query: str, *args: Any) -> Any:
        return await self._statement(query, lambda: self._raw.fetchval(query, *args))

    async def execute(self, query: str, *args: Any) -> Any:
        limit = _SETS.fullmatch(query)
        if limit and limit[1] in IDLE_LIMITS:
            self._limits[limit[1]] = float(limit[2])
            return "SET"
        return await self._statement(query, lambda: self._raw.execute(query, *args))

    @asynccontextmanager
    async def transaction(self, **how: Any) -> AsyncIterator[None]:
        """As asyncpg's; its commit may fail, or succeed without a word of it."""
        await self._process.gate(turn=True)
        inner = self._raw.transaction(**how)
        await self._perform(inner.start)
        try:
            yield
        except BaseException:
            if not self._closed:
                await self._perform(inner.rollback)
                self._channels.clear()
            raise
        await self._process.gate()
        await self._commit(inner.commit)

    def is_closed(self) -> bool:
        return self._closed

    def is_in_transaction(self) -> bool:
        return not self._closed and bool(self._raw.is_in_transaction())

    def add_termination_listener(self, listener: Callable[[Any], None]) -> None:
        self._listeners.append(listener)

    async def set_type_codec(self, *_: Any, **__: Any) -> None:
        """The real one speaks JSON already."""

    def terminate(self) -> None:
        """End the session: what was not committed is rolled back, its locks are free."""
        if self._closed:
            return
        self._closed = True
        self._rest()
        self._process.disowns(self)
        self._wire.give_back(self._raw, self._settings, locked=self._locked)
        for listener in self._listeners:
            asyncio.get_running_loop().call_soon(listener, self)

    async def _statement(self, query: str, call: Callable[[], Any]) -> Any:
        inside = self.is_in_transaction()
        await self._process.gate(turn=not inside)
        if self._dice.falls("cut"):
            self._lose()
        self._channels.update(_NOTIFIES.findall(query))
        self._locked |= "pg_try_advisory_lock(" in query
        if not inside and _WRITES.search(query):
            return await self._commit(call, locks=True)
        return await self._perform(call, locks=bool(_LOCKS.search(query)))

    async def _commit(self, call: Callable[[], Any], *, locks: bool = False) -> Any:
        fate = self._dice.fate("commit")
        if fate == "failed":
            self._lose()
        answer = await self._perform(call, locks=locks)
        channels, self._channels = self._channels, set()
        self._notified(channels)
        if fate == "unknown":
            self._lose()
        await self._process.gate()
        return answer

    async def _perform(self, call: Callable[[], Any], *, locks: bool = False) -> Any:
        if self._closed:
            raise asyncpg.InterfaceError("connection is closed")
        self._rest()
        try:
            return await self._wire.perform(self._raw, call, locks=locks)
        except asyncio.CancelledError:
            self.terminate()
            raise
        finally:
            self._watch()

    def _lose(self) -> None:
        self.terminate()
        raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")

    def _watch(self) -> None:
        name = IDLE_LIMITS[self.is_in_transaction()]
        if not self._closed and name in self._limits:
            self._timer = asyncio.get_running_loop().call_later(self._limits[name], self.terminate)

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class SimPool:
    """What the product takes for a pool: each read has a session of its own."""

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = connect

    async def fetch(self, query: str, *args: Any) -> Any:
        async with self.acquire() as connection:
            return await connection.fetch(query, *args)

    async def fetchrow(self, query: str, *args: Any) -> Any:
        async with self.acquire() as connection:
            return await connection.fetchrow(query, *args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        async with self.acquire() as connection:
            return await connection.fetchval(query, *args)

    async def execute(self, query: str, *args: Any) -> Any:
        async with self.acquire() as connection:
            return await connection.execute(query, *args)

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[SimConnection]:
        connection = await self._connect()
        try:
            yield connection
        finally:
            connection.terminate()
