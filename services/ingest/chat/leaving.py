"""A customer who ends a chat has left: the router is told, at least once, behind everything that they wrote."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from services.ingest.store import chat
from shared.database.connection import Held
from shared.database.wakeups import Wakeups
from shared.domain.ids import derived_id
from shared.eventlog.base import EventLog
from shared.events import CLASSIFIED, ChatEnded, CloudEvent, event_type
from shared.within import within

_BATCH = 200
_POLL_SECONDS = 1.0


class Leaving:
    """The loop that tells. Two at once repeat themselves at worst, and a repeat is known by its id."""

    name = "ingest.leaving"

    def __init__(self, *, database_url: str, log: EventLog, wakeups: Wakeups) -> None:
        self._held = Held(database_url, name=self.name, hot=True)
        self._log = log
        self._hint = wakeups.subscribe("ingest_chat")

    async def run(self) -> None:
        """Tell until cancelled.

        Raises:
            LogUnavailable, DatabaseUnavailable: nothing is marked that was not told; run again.
        """
        try:
            while True:
                self._hint.clear()
                if not await self.tell():
                    async with within(_POLL_SECONDS):
                        await self._hint.wait()
        finally:
            await self._held.close()

    async def tell(self) -> int:
        """Tell of those who have left by now; how many."""
        async with self._held.use() as connection:
            sessions = await chat.left(connection, _BATCH)
            if sessions:
                await self._log.publish(CLASSIFIED, [_event(session, at) for session, at in sessions])
                await chat.told(connection, sessions)
        return len(sessions)


def _event(session: UUID, at: datetime) -> CloudEvent:
    thread = f"chat:{session}"
    return CloudEvent(
        id=str(derived_id("left", str(session), at.isoformat())),
        type=event_type("chat.ended"),
        source="/ingest",
        subject=str(session),
        key=thread,
        time=at,
        data=ChatEnded(session=thread, at=at).model_dump(mode="json"),
    )
