"""What the router puts on the log again if it was lost: the facts that it would still hold, and agents' answers."""

from __future__ import annotations

from services.router.store import outbox, replies
from services.router.store.reader import Connection
from shared.eventlog.base import EventLog
from shared.eventlog.losses import Losses
from shared.events import REPLIES, ROUTING


def losses(*, url: str, log: EventLog) -> Losses:
    """The loop that notices."""
    return Losses(name="router-losses", database_url=url, log=log, streams=(ROUTING, REPLIES), again=_again)


async def _again(conn: Connection) -> int:
    return await outbox.lost(conn, ROUTING) + await replies.lost(conn)
