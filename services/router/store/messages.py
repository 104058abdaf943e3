"""Messages of a conversation.

``seq`` orders them: a thousand times ingest's accept number for what a customer wrote, and one more than the last for
an agent's answer, so that a late earlier message is inserted and answers have room between two inquiries.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.router.store.conversations import columns
from services.router.store.reader import Connection, Reader

ROOM = 1000

ADD = """
INSERT INTO router.message (id, conversation_id, seq, sender, name, channel, text, language, at, inquiry_id)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::timestamptz[], $10::uuid[])
ON CONFLICT DO NOTHING
"""

OF = """
SELECT id, conversation_id, seq, sender, name, channel, text, language, at, inquiry_id FROM router.message
WHERE conversation_id = $1 ORDER BY seq, at, id
"""

BY_ID = """
SELECT id, conversation_id, seq, sender, name, channel, text, language, at, inquiry_id FROM router.message
WHERE id = ANY($1::uuid[]) ORDER BY seq, at, id
"""

LAST = "SELECT coalesce(max(seq), 0) FROM router.message WHERE conversation_id = $1"


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it is kept."""

    id: UUID
    conversation_id: UUID
    seq: int
    sender: str
    name: str | None
    channel: str
    text: str
    language: str | None
    at: datetime
    inquiry_id: UUID | None


async def add(conn: Connection, new: Sequence[Message]) -> None:
    """Keep new messages."""
    if new:
        rows = (tuple(getattr(m, name) for name in Message.__slots__) for m in new)
        await conn.execute(ADD, *columns(rows))


async def of(conn: Reader, conversation: UUID) -> list[Message]:
    """The whole thread, oldest first."""
    return [Message(**row) for row in await conn.fetch(OF, conversation)]


async def by_id(conn: Reader, ids: Collection[UUID]) -> list[Message]:
    """Single messages."""
    return [Message(**row) for row in await conn.fetch(BY_ID, list(ids))]


async def next_seq(conn: Connection, conversation: UUID) -> int:
    """The number of an answer written now; the conversation must be locked."""
    last: int = await conn.fetchval(LAST, conversation)
    return last + 1
