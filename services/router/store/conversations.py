"""Conversations, the thread names that lead to them, and which inquiry belongs where."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.router.store.reader import Connection, Reader

THREADS = """
SELECT thread.reference, thread.conversation_id
FROM unnest($1::text[]) AS asked (reference) JOIN router.thread ON thread.reference = asked.reference
"""

LOCK = """
SELECT id, contact_id, channel, key, state, customer_left_at FROM router.conversation WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE
"""

ADD = """
INSERT INTO router.conversation (id, contact_id, channel, key, subject, state)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[])
"""

TOUCH = """
UPDATE router.conversation AS c SET
    version = version + 1, updated_at = now(), state = t.state, key = coalesce(t.key, c.key),
    customer_left_at = t.customer_left_at
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[]) AS t (id, state, key, customer_left_at)
WHERE c.id = t.id
"""

ADD_THREADS = """
INSERT INTO router.thread (reference, conversation_id)
SELECT reference, id FROM unnest($1::text[], $2::uuid[]) AS t (reference, id) ORDER BY reference
ON CONFLICT DO NOTHING
"""

ADD_INQUIRIES = """
INSERT INTO router.inquiry (id, caller, conversation_id, work_item_id)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[])
ON CONFLICT DO NOTHING
"""

# The version counts every change of anything that a conversation shows: its own row's and its work's.
SHOW = """
SELECT c.id, c.state, c.channel, c.key, c.customer_left_at,
    c.version + coalesce((SELECT sum(w.version) FROM router.work_item w WHERE w.conversation_id = c.id), 0)::bigint
        AS version,
    contact.id AS contact_id, contact.name AS contact_name,
    coalesce((SELECT jsonb_object_agg(i.kind, i.value) FROM router.identity i WHERE i.contact_id = c.contact_id), '{}')
        AS identities
FROM router.conversation c LEFT JOIN router.contact ON contact.id = c.contact_id
WHERE c.id = ANY($1::uuid[])
"""

KNOWN = "SELECT EXISTS (SELECT 1 FROM router.conversation WHERE id = $1)"

CALLERS = "SELECT id, caller FROM router.inquiry WHERE id = ANY($1::uuid[])"


@dataclass(slots=True)
class Conversation:
    """What the worker needs to know of one."""

    id: UUID
    contact_id: UUID | None
    channel: str
    key: str
    subject: str | None = None
    state: str = "open"
    customer_left_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A conversation and its contact; ``version`` counts the changes of its work too."""

    id: UUID
    state: str
    channel: str
    key: str
    customer_left_at: datetime | None
    version: int
    contact_id: UUID | None
    contact_name: str | None
    identities: dict[str, str]


async def threads(conn: Connection, references: Collection[str]) -> dict[str, UUID]:
    """The conversations that the references lead to."""
    rows = await conn.fetch(THREADS, list(references))
    return {row["reference"]: row["conversation_id"] for row in rows}


async def lock(conn: Connection, ids: Collection[UUID]) -> dict[UUID, Conversation]:
    """The conversations, held until the transaction ends."""
    return {row["id"]: Conversation(**row) for row in await conn.fetch(LOCK, list(ids))}


async def add(conn: Connection, new: Sequence[Conversation]) -> None:
    """Keep new conversations."""
    if new:
        rows = ((c.id, c.contact_id, c.channel, c.key, c.subject, c.state) for c in new)
        await conn.execute(ADD, *columns(rows))


async def touch(conn: Connection, changed: Iterable[Conversation]) -> None:
    """Raise the version of conversations that got a message or another state, or whose customer has left."""
    rows = [(c.id, c.state, c.key, c.customer_left_at) for c in sorted(changed, key=lambda c: c.id)]
    if rows:
        await conn.execute(TOUCH, *columns(rows))


async def known(conn: Reader, conversation: UUID) -> bool:
    """Whether there is such a conversation."""
    return bool(await conn.fetchval(KNOWN, conversation))


async def callers(conn: Reader, inquiries: Collection[UUID]) -> dict[UUID, str]:
    """Who sent the inquiries in."""
    return {row["id"]: row["caller"] for row in await conn.fetch(CALLERS, list(inquiries))}


async def show(conn: Reader, ids: Collection[UUID]) -> dict[UUID, Shown]:
    """The conversations with their contacts, as people see them."""
    return {row["id"]: Shown(**row) for row in await conn.fetch(SHOW, list(ids))}


async def add_threads(conn: Connection, rows: Sequence[tuple[str, UUID]]) -> None:
    """Let references lead to conversations; one that leads somewhere already stays."""
    if rows:
        await conn.execute(ADD_THREADS, *columns(rows))


async def add_inquiries(conn: Connection, rows: Sequence[tuple[UUID, str, UUID | None, UUID | None]]) -> None:
    """Remember for inquiries who sent them in and what they belong to."""
    if rows:
        await conn.execute(ADD_INQUIRIES, *columns(rows))


def columns(rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """Rows turned into the arrays that ``unnest`` takes."""
    return [list(column) for column in zip(*rows, strict=True)]
