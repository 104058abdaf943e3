"""Offers. They change only under the lock of their agent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.router.store.conversations import columns
from services.router.store.reader import Connection, Reader

_COLUMNS = """id, work_item_id, conversation_id, inquiry_id, agent_id, queue, weight, state, reason, made_at,
    expires_at, decision_id"""
_QUALIFIED = ", ".join("o." + name.strip() for name in _COLUMNS.split(","))

BY_ID = f"SELECT {_COLUMNS} FROM router.offer WHERE id = ANY($1::uuid[])"

OPEN_OF_ITEMS = f"SELECT {_COLUMNS} FROM router.offer WHERE work_item_id = ANY($1::uuid[]) AND state = 'open'"

OPEN_OF_AGENTS = f"SELECT {_COLUMNS} FROM router.offer WHERE agent_id = ANY($1::uuid[]) AND state = 'open'"

OPEN_IN_CONVERSATIONS = f"""
SELECT {_QUALIFIED} FROM router.work_item w JOIN router.offer o ON o.work_item_id = w.id AND o.state = 'open'
WHERE w.conversation_id = ANY($1::uuid[])
"""

END = f"""
UPDATE router.offer AS o SET state = e.state, reason = e.reason, note = e.note, should_be = e.should_be, ended_at = $6
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[]) AS e (id, state, reason, note, should_be)
WHERE o.id = e.id AND o.state = 'open' RETURNING {_QUALIFIED}
"""

PAGE = f"""
SELECT {_COLUMNS} FROM router.offer
WHERE ($1::uuid IS NULL OR agent_id = $1) AND ($2::text IS NULL OR state = $2)
    AND ($3::timestamptz IS NULL OR (made_at, id) < ($3, $4::uuid))
ORDER BY made_at DESC, id DESC LIMIT $5
"""


@dataclass(frozen=True, slots=True)
class Offer:
    """A work item put before one agent."""

    id: UUID
    work_item_id: UUID
    conversation_id: UUID
    inquiry_id: UUID
    agent_id: UUID
    queue: str
    weight: int
    state: str
    reason: str | None
    made_at: datetime
    expires_at: datetime
    decision_id: UUID


@dataclass(frozen=True, slots=True)
class Ending:
    """How an open offer ends."""

    id: UUID
    state: str
    reason: str | None = None
    note: str | None = None
    should_be: str | None = None


async def by_id(conn: Reader, ids: Collection[UUID]) -> dict[UUID, Offer]:
    """Those of ``ids`` that exist."""
    return {row["id"]: Offer(**row) for row in await conn.fetch(BY_ID, list(ids))}


async def open_of_items(conn: Reader, items: Collection[UUID]) -> list[Offer]:
    """The open offers of work items."""
    return [Offer(**row) for row in await conn.fetch(OPEN_OF_ITEMS, list(items))]


async def open_of_agents(conn: Reader, agents: Collection[UUID]) -> list[Offer]:
    """The open offers before agents."""
    return [Offer(**row) for row in await conn.fetch(OPEN_OF_AGENTS, list(agents))]


async def open_in_conversations(conn: Reader, conversations: Collection[UUID]) -> list[Offer]:
    """The open offers of conversations."""
    return [Offer(**row) for row in await conn.fetch(OPEN_IN_CONVERSATIONS, list(conversations))]


async def end(conn: Connection, endings: Sequence[Ending], now: datetime) -> dict[UUID, Offer]:
    """End those that are still open; the others are missing from the answer."""
    if not endings:
        return {}
    rows = [(e.id, e.state, e.reason, e.note, e.should_be) for e in endings]
    return {row["id"]: Offer(**row) for row in await conn.fetch(END, *columns(rows), now)}


async def page(
    conn: Reader, *, agent: UUID | None, state: str | None, after: tuple[datetime, UUID] | None, limit: int
) -> list[Offer]:
    """Newest first."""
    at, row = after or (None, None)
    return [Offer(**found) for found in await conn.fetch(PAGE, agent, state, at, row, limit)]
