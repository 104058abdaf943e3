"""The process's one reader of ``router.events`` for live screens: keeps the last minutes, wakes whom a fact concerns."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.router.live.follower import Follower
from services.router.live.tally import Tally
from services.router.live.views import Key, keys_of
from services.router.store import agents, board, events
from services.router.store.events import CHANNEL, Recorded
from shared.clock import Clock
from shared.database.connection import Held
from shared.database.wakeups import Wakeups
from shared.errors import DatabaseUnavailable
from shared.within import within

KEPT = timedelta(minutes=10)
MOST_KEPT = 100_000
_BATCH = 2000
_POLL_SECONDS = 0.25
_PATIENCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class _Kept:
    """A fact, unread because a hundred thousand of them stay, and whom it concerns, because that is asked often."""

    recorded: Recorded
    concerns: tuple[Key, ...]


class Feed:
    """A service. Clients attach and are served from memory; ``tally`` is what the facts up to ``position`` add up to."""

    name = "live-feed"

    def __init__(self, *, url: str, wakeups: Wakeups, clock: Clock, most_kept: int = MOST_KEPT) -> None:
        self._held = Held(url, name=self.name, hot=True)
        self._hint = wakeups.subscribe(CHANNEL)
        self._clock = clock
        self._most_kept = most_kept
        self._ring: deque[_Kept] = deque()
        self._before_ring = 0
        self._followers: dict[Key, set[Follower]] = {}
        self._everyone: set[Follower] = set()
        self._advanced = asyncio.Condition()
        self._loaded = False
        self.position = 0
        self.tally = Tally()
        self.stopped = False

    async def run(self) -> None:
        """Read until cancelled."""
        try:
            if not self._loaded:
                await self._load()
            while True:
                self._hint.clear()
                if not await self._read():
                    await self._rest()
        finally:
            await self._held.close()

    async def reached(self, position: int) -> bool:
        """Wait until everything up to ``position`` is in memory; ``False`` when it does not come.

        Raises:
            DatabaseUnavailable: nothing has been read yet.
        """
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS), self._advanced:
                await self._advanced.wait_for(lambda: self._loaded and self.position >= position)
        except TimeoutError:
            if not self._loaded:
                raise DatabaseUnavailable("the facts are not read yet") from None
            return False
        return True

    def attach(self, follower: Follower) -> bool:
        """Serve ``follower`` from its position on; ``False`` when what it needs is not kept any more."""
        if follower.position < self._before_ring:
            return False
        for kept in self._after(follower.position):
            follower.offer(kept.recorded, kept.concerns)
        self._everyone.add(follower)
        for key in follower.keys:
            self._followers.setdefault(key, set()).add(follower)
        if self.stopped:
            follower.end()
        return True

    def detach(self, follower: Follower) -> None:
        """Forget ``follower``."""
        self._everyone.discard(follower)
        for key in list(follower.keys):
            self.unwatch(follower, key)

    def watch(self, follower: Follower, key: Key) -> None:
        """From now on ``key`` concerns ``follower``."""
        follower.keys.add(key)
        self._followers.setdefault(key, set()).add(follower)

    def unwatch(self, follower: Follower, key: Key) -> None:
        """``key`` no longer concerns ``follower``."""
        follower.keys.discard(key)
        served = self._followers.get(key)
        if served is not None:
            served.discard(follower)
            if not served:
                del self._followers[key]

    def after(self, position: int) -> list[Recorded]:
        """What is kept of the facts after ``position``."""
        return [kept.recorded for kept in self._after(position)]

    def stop(self) -> None:
        """End every stream with a goodbye, so that the server can end; those that come later end at once."""
        self.stopped = True
        for follower in self._everyone:
            follower.end()

    async def _load(self) -> None:
        """What was kept before a restart is kept after it: clients come back without a gap."""
        async with self._held.use() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
            end = await events.head(conn)
            start = max(0, end - self._most_kept)
            self._before_ring = await events.last_before(conn, self._clock.now() - KEPT, start)
            self._ring.clear()
            position = self._before_ring
            while position < end:
                rows = await events.read(conn, position, limit=_BATCH)
                self._ring.extend(_Kept(row, tuple(keys_of(row.read().fact))) for row in rows)
                position = rows[-1].pos
            self.tally = Tally(await board.waiting(conn), await agents.everyone(conn))
        self.position, self._loaded = end, True
        await self._say_advanced()

    async def _read(self) -> bool:
        async with self._held.use() as conn:
            rows = await events.read(conn, self.position, limit=_BATCH)
        for row in rows:
            self._tell(row)
        self._forget()
        if rows:
            await self._say_advanced()
        return len(rows) == _BATCH

    def _tell(self, recorded: Recorded) -> None:
        fact = recorded.read().fact
        concerns = tuple(keys_of(fact))
        self._ring.append(_Kept(recorded, concerns))
        self.position = recorded.pos
        concerned: set[Follower] = set()
        for key in concerns:
            concerned |= self._followers.get(key, set())
        for follower in concerned:
            follower.offer(recorded, concerns)
        self.tally.fold(fact)

    def _forget(self) -> None:
        oldest: datetime = self._clock.now() - KEPT
        while self._ring and (len(self._ring) > self._most_kept or self._ring[0].recorded.at < oldest):
            self._before_ring = self._ring.popleft().recorded.pos

    def _after(self, position: int) -> list[_Kept]:
        start = bisect_right(self._ring, position, key=lambda kept: kept.recorded.pos)
        return [self._ring[place] for place in range(start, len(self._ring))]

    async def _say_advanced(self) -> None:
        async with self._advanced:
            self._advanced.notify_all()

    async def _rest(self) -> None:
        async with within(_POLL_SECONDS):
            await self._hint.wait()
