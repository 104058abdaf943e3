"""Answers of agents on their way to ingest, kept until they are on the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.router.store.reader import Connection

ADD = "INSERT INTO router.reply_outbox (event_id, key, data) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"

NEXT = "SELECT id, event_id, key, data FROM router.reply_outbox ORDER BY id LIMIT $1 FOR UPDATE"

DONE = "DELETE FROM router.reply_outbox WHERE id = ANY($1::bigint[])"


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


async def done(conn: Connection, replies: Sequence[Reply]) -> None:
    """These are on the log."""
    await conn.execute(DONE, [reply.id for reply in replies])
