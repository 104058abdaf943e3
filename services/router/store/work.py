"""Work items. Whoever changes one locks it first: agents before items before offers and assignments, by id."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from services.router.store.conversations import columns
from services.router.store.reader import Connection, Reader

_COLUMNS = """id, conversation_id, inquiry_id, state, version, channel, language, topic, urgency, subject, facts,
    classification, route, queue, weight, received_at, waiting_since, first_response_due, resolution_due,
    first_response_at, waiting_reason, next_check_at, declined_by, outcome"""

OPEN_OF = f"""
SELECT {_COLUMNS} FROM router.work_item
WHERE conversation_id = ANY($1::uuid[]) AND state IN ('waiting', 'offered', 'assigned', 'paused')
ORDER BY id FOR UPDATE
"""

LOCK = f"SELECT {_COLUMNS} FROM router.work_item WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"

LATEST_OF = f"""
SELECT DISTINCT ON (conversation_id) {_COLUMNS},
    (SELECT d.id FROM router.decision d WHERE d.work_item_id = w.id ORDER BY d.at DESC, d.id LIMIT 1) AS decision_id
FROM router.work_item w WHERE conversation_id = ANY($1::uuid[])
ORDER BY conversation_id, (state = 'completed'), received_at DESC, id
"""

ADD = """
INSERT INTO router.work_item (id, conversation_id, inquiry_id, state, channel, language, topic, urgency, subject,
    facts, classification, route, queue, weight, received_at, waiting_since, first_response_due, resolution_due,
    waiting_reason, next_check_at, version)
SELECT id, conversation_id, inquiry_id, state, channel, language, topic, urgency, subject, facts, classification,
    route, queue, weight, received_at, waiting_since, first_response_due, resolution_due, waiting_reason, next_check_at,
    version
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int[], $9::text[],
    $10::jsonb[], $11::jsonb[], $12::jsonb[], $13::text[], $14::int[], $15::timestamptz[], $16::timestamptz[],
    $17::timestamptz[], $18::timestamptz[], $19::text[], $20::timestamptz[], $21::bigint[])
    AS w (id, conversation_id, inquiry_id, state, channel, language, topic, urgency, subject, facts, classification,
    route, queue, weight, received_at, waiting_since, first_response_due, resolution_due, waiting_reason,
    next_check_at, version)
"""
_ADDED = [
    "id",
    "conversation_id",
    "inquiry_id",
    "state",
    "channel",
    "language",
    "topic",
    "urgency",
    "subject",
    "facts",
    "classification",
    "route",
    "queue",
    "weight",
    "received_at",
    "waiting_since",
    "first_response_due",
    "resolution_due",
    "waiting_reason",
    "next_check_at",
    "version",
]

ROUTE_ANEW = """
UPDATE router.work_item AS w SET
    version = n.version, state = n.state, language = n.language, topic = n.topic, urgency = n.urgency,
    facts = n.facts, classification = n.classification, route = n.route, queue = n.queue,
    first_response_due = n.first_response_due, resolution_due = n.resolution_due,
    waiting_reason = n.waiting_reason, next_check_at = n.next_check_at, waiting_since = n.waiting_since
FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::int[], $7::jsonb[], $8::jsonb[],
    $9::jsonb[], $10::text[], $11::timestamptz[], $12::timestamptz[], $13::text[], $14::timestamptz[],
    $15::timestamptz[])
    AS n (id, version, state, language, topic, urgency, facts, classification, route, queue, first_response_due,
    resolution_due, waiting_reason, next_check_at, waiting_since)
WHERE w.id = n.id
"""
_REROUTED = [
    "id",
    "version",
    "state",
    "language",
    "topic",
    "urgency",
    "facts",
    "classification",
    "route",
    "queue",
    "first_response_due",
    "resolution_due",
    "waiting_reason",
    "next_check_at",
    "waiting_since",
]

ASSIGN = f"""
UPDATE router.work_item SET state = 'assigned', version = version + 1, waiting_reason = NULL, next_check_at = NULL
WHERE id = ANY($1::uuid[]) RETURNING {_COLUMNS}
"""

WAIT = f"""
UPDATE router.work_item AS w SET
    state = 'waiting', version = version + 1, waiting_since = $3, waiting_reason = n.reason, next_check_at = $3,
    declined_by = CASE WHEN n.declined_by IS NULL THEN w.declined_by ELSE array_append(w.declined_by, n.declined_by) END
FROM unnest($1::uuid[], $2::text[], $4::uuid[]) AS n (item, reason, declined_by)
WHERE w.id = n.item RETURNING {", ".join("w." + name.strip() for name in _COLUMNS.split(","))}
"""

ANSWERED = """
UPDATE router.work_item SET first_response_at = $2, version = version + 1 WHERE id = $1 AND first_response_at IS NULL
"""


@dataclass(slots=True)
class WorkItem:
    """A conversation waiting for, or in the hands of, an agent."""

    id: UUID
    conversation_id: UUID
    inquiry_id: UUID
    state: str
    channel: str
    language: str
    topic: str
    urgency: int
    subject: str | None
    facts: dict[str, Any]
    classification: dict[str, Any]
    route: dict[str, Any]
    queue: str
    weight: int
    received_at: datetime
    waiting_since: datetime
    first_response_due: datetime | None = None
    resolution_due: datetime | None = None
    first_response_at: datetime | None = None
    waiting_reason: str | None = None
    next_check_at: datetime | None = None
    declined_by: list[UUID] = field(default_factory=list)
    outcome: str | None = None
    version: int = 1
    decision_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """What is told of an item that has changed hands."""

    id: UUID
    inquiry_id: UUID
    conversation_id: UUID
    version: int
    state: str
    outcome: str | None = None


async def open_of(conn: Connection, conversations: Collection[UUID]) -> list[WorkItem]:
    """The work of the conversations that is not done, locked."""
    return [WorkItem(**row) for row in await conn.fetch(OPEN_OF, list(conversations))]


async def lock(conn: Connection, ids: Collection[UUID]) -> dict[UUID, WorkItem]:
    """The items, held until the transaction ends."""
    return {row["id"]: WorkItem(**row) for row in await conn.fetch(LOCK, list(ids))}


async def latest_of(
    conn: Reader,
    conversations: Collection[UUID],
) -> dict[UUID, WorkItem]:
    """By conversation, the work that is not done, else the last that was; with its latest decision."""
    rows = await conn.fetch(LATEST_OF, list(conversations))
    return {row["conversation_id"]: WorkItem(**row) for row in rows}


async def add(conn: Connection, new: Sequence[WorkItem]) -> None:
    """Keep new items."""
    if new:
        await conn.execute(ADD, *columns([[getattr(item, name) for name in _ADDED] for item in new]))


async def route_anew(conn: Connection, items: Sequence[WorkItem]) -> None:
    """Write the new route and version of locked items."""
    if items:
        await conn.execute(ROUTE_ANEW, *columns([[getattr(item, name) for name in _REROUTED] for item in items]))


async def assign(conn: Connection, ids: Collection[UUID]) -> dict[UUID, WorkItem]:
    """Locked items are now in an agent's hands."""
    return {row["id"]: WorkItem(**row) for row in await conn.fetch(ASSIGN, list(ids))}


async def wait(conn: Connection, rows: Sequence[tuple[UUID, str, UUID | None]], now: datetime) -> dict[UUID, WorkItem]:
    """Locked items (id, reason, who declined) wait again, to be looked at at once."""
    if not rows:
        return {}
    items, reasons, declined = columns(rows)
    return {row["id"]: WorkItem(**row) for row in await conn.fetch(WAIT, items, reasons, now, declined)}


async def answered(conn: Connection, item: UUID, now: datetime) -> None:
    """The customer has got an answer; only the first counts."""
    await conn.execute(ANSWERED, item, now)
