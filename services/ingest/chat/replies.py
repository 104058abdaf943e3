"""``replies.requested`` → lines of the session: ingest alone counts them, and a repeat is known by its id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

import structlog

from services.ingest.store import chat
from services.ingest.store.chat import Line
from shared.database.connection import Held
from shared.errors import Undecodable
from shared.events import CloudEvent, ReplyRequested, body
from shared.text import clean, clean_line

GROUP = "ingest.replies"
_COMPLETED = "completed"

log = structlog.get_logger(__name__)


class Replies:
    """Commits agents' words."""

    def __init__(self, *, database_url: str) -> None:
        self._held = Held(database_url, name=GROUP, hot=True)

    async def handle(self, events: Sequence[CloudEvent]) -> None:
        """Place what is new; all or nothing.

        Raises:
            Undecodable: an event is none of ours.
            DatabaseUnavailable: nothing is placed; hand the same in again.
        """
        lines = {
            line.event_id: line for event in events for line in _lines(body(event, ReplyRequested, "reply.requested"))
        }
        async with self._held.use() as connection, connection.transaction():
            known = await chat.known(connection, list(lines))
            fresh = [line for event_id, line in lines.items() if event_id not in known]
            placed = await chat.place(connection, fresh) if fresh else {}
        if len(placed) < len(fresh):
            log.warning("replies_to_unknown_sessions", replies=len(fresh) - len(placed))

    async def close(self) -> None:
        """Release the connection."""
        await self._held.close()


def _lines(reply: ReplyRequested) -> Iterator[Line]:
    try:
        session_id = UUID(reply.session.removeprefix("chat:"))
    except ValueError as error:
        raise Undecodable("a reply names no session") from error
    if reply.text:
        yield Line(session_id, f"reply:{reply.id}", "agent", clean_line(reply.agent_name), clean(reply.text))
    if reply.ended:
        yield Line(session_id, f"ended:{reply.id}", "ended", None, _COMPLETED)
