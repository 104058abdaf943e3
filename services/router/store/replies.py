"""Answers of agents on their way to ingest, kept for as long as the log might be lost with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.router.store.reader import Connection
from shared.eventlog.retention import DAYS

CHANNEL = "router_replies"
"""Notified with every answer."""

ADD = f"""
INSERT INTO router.reply_outbox (event_id, key, data) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
RETURNING pg_notify('{CHANNEL}', '')
"""

NEXT = """
SELECT id, event_id, key, data FROM router.reply_outbox WHERE sent_at IS NULL ORDER BY id LIMIT $1 FOR UPDATE
"""

DONE = "UPDATE router.reply_outbox SET sent_at = now() WHERE id = ANY($1::bigint[])"

LOST = f"""
UPDATE router.reply_outbox SET sent_at = NULL WHERE sent_at > now() - interval '{DAYS:g} days' RETURNING 1
"""

PRUNE = """
DELETE FROM router.reply_outbox WHERE id IN (
    SELECT id FROM router.reply_outbox WHERE sent_at < now() - $1::interval ORDER BY sent_at LIMIT $2
    FOR UPDATE SKIP LOCKED
) RETURNING 1
"""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer that is not on the log yet."""

    id: int
    event_id: str
    key: str
    data: dict[str, Any]


async def add(conn: Connection, event_id: str, key: str, data: dict[str, Any]) -> None:
    """Keep an answer."""
    await conn.execute(ADD, event_id, key, data)


async def waiting(conn: Connection, limit: int) -> list[Reply]:
    """The oldest answers that are not on the log, locked, so that senders take turns and keep their order."""
    return [Reply(**row) for row in await conn.fetch(NEXT, limit)]


async def lost(conn: Connection) -> int:
    """The log is gone: what it would still hold is to be sent again; returns how many."""
    return len(await conn.fetch(LOST))


async def done(conn: Connection, replies: Sequence[Reply]) -> None:
    """These are on the log; they are kept for as long as it keeps them, in case it is lost."""
    await conn.execute(DONE, [reply.id for reply in replies])
