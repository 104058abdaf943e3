"""One client's place in the facts: what concerns it and it has not been sent yet. No I/O."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable

from services.router.live.views import Key
from services.router.store.events import Recorded

MOST_WAITING = 100_000
"""Facts that may wait for one client, each held once for all; one that is further behind fetches the state again."""


class Follower:
    """Woken when something waits for it. ``position`` is the last that its client knows of."""

    def __init__(self, keys: Iterable[Key], *, position: int) -> None:
        self.keys: set[Key] = set(keys)
        self.position = position
        self.wake = asyncio.Event()
        self.lost = False
        self.ended = False
        self._facts: deque[Recorded] = deque()

    def offer(self, recorded: Recorded, concerns: Iterable[Key]) -> None:
        """Keep the fact if it is news to this client and ``concerns`` it."""
        if recorded.pos <= self.position or self.keys.isdisjoint(concerns):
            return
        if len(self._facts) >= MOST_WAITING:
            self.lost = True
        else:
            self._facts.append(recorded)
        self.wake.set()

    def take(self, limit: int) -> list[Recorded]:
        """The next facts, in order; what is left wakes again."""
        taken = [self._facts.popleft() for _ in range(min(limit, len(self._facts)))]
        if self._facts:
            self.wake.set()
        return taken

    @property
    def idle(self) -> bool:
        """Whether nothing waits."""
        return not self._facts

    def end(self) -> None:
        """The product stops: say goodbye."""
        self.ended = True
        self.wake.set()
