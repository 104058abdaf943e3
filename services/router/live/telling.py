"""A stream told to its client: news as it comes, beats, and a goodbye when the product stops or the rights end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass

import structlog
from fastapi import Request as HttpRequest

from services.router.live.seats import Seats
from services.router.live.sse import event
from services.router.live.stream import LARGEST, Stream
from services.router.live.views import seat_of
from shared.access.caller import Caller
from shared.clock import Clock
from shared.errors import DatabaseUnavailable, Refused
from shared.http.caller import Authenticator
from shared.http.types import timestamp
from shared.within import within

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between beats, between looks at the rights (what ended in another process is known after two more: dead
    within five), and at least between two changes of a stream with boards.
    """

    beat: float = 15.0
    rights: float = 2.5
    boards: float = 0.25


class Telling:
    """One request's answer."""

    def __init__(
        self,
        *,
        stream: Stream,
        request: HttpRequest,
        caller: Caller,
        authenticator: Authenticator,
        seats: Seats,
        clock: Clock,
        pace: Pace,
    ) -> None:
        self._stream = stream
        self._request = request
        self._caller = caller
        self._authenticator = authenticator
        self._seats = seats
        self._clock = clock
        self._pace = pace

    async def tell(self, after: int | None, *, seated: bool) -> AsyncIterator[str]:
        """The events after a position; ``seated`` counts the agent as being there meanwhile."""
        yield f"retry: {random.randint(1000, 5000)}\n\n"  # noqa: S311  # spreads clients out after a restart
        with self._seats.taken(seat_of(self._caller) if seated else None):
            try:
                if not await self._stream.attach(after):
                    yield self._say("resync")
                    return
                async for text in self._live():
                    yield text
            except DatabaseUnavailable as error:
                # The client comes back with its last position, and is told when the database is there again.
                _log.warning("stream_cut", error=str(error))
            finally:
                self._stream.detach()

    async def _live(self) -> AsyncIterator[str]:
        now = asyncio.get_running_loop().time
        follower = self._stream.follower
        beat_due, rights_due = now(), now() + self._pace.rights
        while not follower.ended:
            if now() >= rights_due:
                if not await self._still_allowed():
                    break
                rights_due = now() + self._pace.rights
            told, began = "".join(await self._stream.news()), now()
            if self._stream.lost or len(told) > LARGEST:
                yield self._say("resync")
                return
            if now() >= beat_due:
                told += self._say("beat")
                beat_due = now() + self._pace.beat
            if told:
                yield told
            if self._stream.paced:
                await asyncio.sleep(max(0.0, began + self._pace.boards - now()))
            await _wait(follower.wake, min(beat_due, rights_due) - now())
        yield self._say("bye")

    def _say(self, name: str) -> str:
        return event(name, self._stream.follower.position, {"now": timestamp(self._clock.now())})

    async def _still_allowed(self) -> bool:
        """Whether the caller is signed in still, as who they were."""
        try:
            caller = await self._authenticator.identify(self._request)
        except Refused:
            return False
        except DatabaseUnavailable:
            return True  # it cannot be known, and nothing changes meanwhile; the next look is soon
        was = self._caller
        return (caller.id, caller.roles, caller.agent_id) == (was.id, was.roles, was.agent_id)


async def _wait(wake: asyncio.Event, seconds: float) -> None:
    async with within(max(0.0, seconds)):
        await wake.wait()
