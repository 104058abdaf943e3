"""Slows the guessing of passwords: after five wrong ones each further try waits, and tries queue up."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from shared.access.limits import RefusedForNow
from shared.clock import Clock

FREE = 5
"""Wrong tries that cost nothing: people mistype."""
LONGEST_WAIT = 5.0
FORGOTTEN_AFTER = 900.0
"""Seconds without a try after which the count starts anew."""
MOST_WAITING = 3
"""Tries of one origin that may queue; more are refused at once, or a crowd would guess in parallel."""
MOST_ORIGINS = 10_000


@dataclass(slots=True)
class _Origin:
    wrong: int = 0
    last: float = 0.0
    inside: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(slots=True)
class Attempt:
    """One try; set ``right`` when the password was."""

    right: bool = False


class Throttle:
    """Counts wrong tries by origin (user name and address), in this process's memory."""

    def __init__(self, clock: Clock, *, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
        self._clock = clock
        self._sleep = sleep
        self._origins: OrderedDict[tuple[str, str], _Origin] = OrderedDict()

    @asynccontextmanager
    async def attempt(self, username: str, address: str) -> AsyncIterator[Attempt]:
        """One try at a time for each origin; waits 1, 2, 4, then 5 s once five were wrong.

        Raises:
            RefusedForNow: ``too-many-attempts``; enough tries of this origin are waiting already.
        """
        origin = self._origin((username, address))
        if origin.inside > MOST_WAITING:
            raise RefusedForNow("too-many-attempts", retry_after=LONGEST_WAIT)
        origin.inside += 1
        try:
            async with origin.turn:
                if origin.wrong >= FREE:
                    await self._sleep(min(LONGEST_WAIT, 2.0 ** min(origin.wrong - FREE, 8)))
                attempt = Attempt()
                yield attempt
                origin.wrong = 0 if attempt.right else origin.wrong + 1
                origin.last = self._clock.monotonic()
        finally:
            origin.inside -= 1

    def _origin(self, name: tuple[str, str]) -> _Origin:
        now = self._clock.monotonic()
        origin = self._origins.pop(name, None) or _Origin(last=now)
        if now - origin.last > FORGOTTEN_AFTER:
            origin.wrong = 0
        self._origins[name] = origin
        if len(self._origins) > MOST_ORIGINS:
            self._origins.popitem(last=False)
        return origin
