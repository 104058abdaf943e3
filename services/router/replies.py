"""Answers of agents on their way to ingest: at least once, in order, under an id that makes a repeat harmless."""

from __future__ import annotations

from services.router.outbox import SOURCE
from services.router.store import replies
from services.router.store.replies import Reply
from shared.clock import Clock
from shared.database.connection import Held
from shared.database.wakeups import Wakeups
from shared.eventlog.base import EventLog
from shared.events import REPLIES, CloudEvent, event_type
from shared.within import within

_LIMIT = 100
_POLL_SECONDS = 0.25


class Replies:
    """The sender, as a service; several take turns."""

    name = "router-replies"

    def __init__(self, *, url: str, log: EventLog, wakeups: Wakeups, clock: Clock) -> None:
        self._held = Held(url, name=self.name, hot=True)
        self._log = log
        self._hint = wakeups.subscribe(replies.CHANNEL)
        self._clock = clock

    async def run(self) -> None:
        """Send until cancelled."""
        try:
            while True:
                self._hint.clear()
                if not await self._turn():
                    await self._rest()
        finally:
            await self._held.close()

    async def _turn(self) -> bool:
        async with self._held.use() as conn, conn.transaction():
            waiting = await replies.waiting(conn, _LIMIT)
            if waiting:
                await self._log.publish(REPLIES, [self._event(reply) for reply in waiting])
                await replies.done(conn, waiting)
        return len(waiting) == _LIMIT

    async def _rest(self) -> None:
        async with within(_POLL_SECONDS):
            await self._hint.wait()

    def _event(self, reply: Reply) -> CloudEvent:
        return CloudEvent(
            id=reply.event_id,
            type=event_type("reply.requested"),
            source=SOURCE,
            subject=reply.data["conversation_id"],
            key=reply.key,
            time=self._clock.now(),
            data=reply.data,
        )
