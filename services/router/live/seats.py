"""Agents who have a live stream open here: told to the database, where presence without a lease hangs on it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from services.router.store import agents
from shared.clock import Clock
from shared.database.connection import Held

TOUCH_SECONDS = 15.0


class Seats:
    """A service. With three touches missed, an agent without a lease is away."""

    name = "live-seats"

    def __init__(self, *, url: str, clock: Clock) -> None:
        # Hot, so that PostgreSQL locks the agents by index, in the order of ids that all writers keep.
        self._held = Held(url, name=self.name, hot=True)
        self._clock = clock
        self._streams: Counter[UUID] = Counter()
        self._came: set[UUID] = set()
        self._hint = asyncio.Event()

    @contextmanager
    def taken(self, agent: UUID | None) -> Iterator[None]:
        """The agent's stream is open inside the block."""
        if agent is None:
            yield
            return
        self._streams[agent] += 1
        self._came.add(agent)
        self._hint.set()
        try:
            yield
        finally:
            self._streams[agent] -= 1
            if not self._streams[agent]:
                del self._streams[agent]

    async def run(self) -> None:
        """Touch who has come at once, and everybody every now and then, each time in one statement, until cancelled.

        Raises:
            DatabaseUnavailable: run again; nobody is forgotten.
        """
        try:
            while True:
                await self._touch(set(self._streams))
                await self._wait_for_round()
        finally:
            await self._held.close()

    async def _wait_for_round(self) -> None:
        try:
            async with asyncio.timeout(TOUCH_SECONDS):
                while True:
                    await self._hint.wait()
                    self._hint.clear()
                    await self._touch(self._came & self._streams.keys())
        except TimeoutError:
            return

    async def _touch(self, seated: set[UUID]) -> None:
        if seated:
            async with self._held.use() as conn:
                await agents.seen(conn, sorted(seated), self._clock.now())
        self._came -= seated
