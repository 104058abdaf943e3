"""What the router said of inquiries and of work, kept by ingest; a row changes only towards a later position."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

Connection = Any
"""A connection of asyncpg, which has no types."""


@dataclass(slots=True)
class InquiryStatus:
    """One inquiry by itself; where it has work, the work's state counts."""

    inquiry_id: UUID
    pos: int
    state: str
    updated_at: datetime
    reason: str | None = None
    conversation_id: UUID | None = None
    work_item_id: UUID | None = None
    classification: dict[str, Any] | None = None


@dataclass(slots=True)
class WorkState:
    """One work item; ``agents`` (ids, spaces between) are all whom it was offered or assigned to: they may read."""

    work_item_id: UUID
    pos: int
    state: str
    updated_at: datetime
    version: int = 0
    routing: dict[str, Any] | None = None
    offer: dict[str, Any] | None = None
    assignment: dict[str, Any] | None = None
    outcome: str | None = None
    agents: str = ""


_INQUIRIES = """
SELECT inquiry_id, pos, state, updated_at, reason, conversation_id, work_item_id, classification
FROM ingest.status WHERE inquiry_id = ANY($1::uuid[])
"""

_WORK = """
SELECT work_item_id, pos, state, updated_at, version, routing, offer, assignment, outcome, agents
FROM ingest.work_state WHERE work_item_id = ANY($1::uuid[])
"""

_KEEP_INQUIRIES = """
INSERT INTO ingest.status
    (inquiry_id, pos, state, updated_at, reason, conversation_id, work_item_id, classification)
SELECT * FROM unnest(
    $1::uuid[], $2::bigint[], $3::text[], $4::timestamptz[], $5::text[], $6::uuid[], $7::uuid[], $8::jsonb[])
ON CONFLICT (inquiry_id) DO UPDATE SET
    pos = excluded.pos, state = excluded.state, updated_at = excluded.updated_at, reason = excluded.reason,
    conversation_id = excluded.conversation_id, work_item_id = excluded.work_item_id,
    classification = excluded.classification
WHERE status.pos < excluded.pos
"""

_KEEP_WORK = """
INSERT INTO ingest.work_state
    (work_item_id, pos, state, updated_at, version, routing, offer, assignment, outcome, agents)
SELECT * FROM unnest(
    $1::uuid[], $2::bigint[], $3::text[], $4::timestamptz[], $5::bigint[], $6::jsonb[], $7::jsonb[], $8::jsonb[],
    $9::text[], $10::text[])
ON CONFLICT (work_item_id) DO UPDATE SET
    pos = excluded.pos, state = excluded.state, updated_at = excluded.updated_at, version = excluded.version,
    routing = excluded.routing, offer = excluded.offer, assignment = excluded.assignment, outcome = excluded.outcome,
    agents = excluded.agents
WHERE work_state.pos < excluded.pos
"""

_ROUTED = "UPDATE ingest.receipt SET routed = true WHERE id = ANY($1::uuid[]) AND NOT routed"


async def inquiries(connection: Connection, ids: Collection[UUID]) -> dict[UUID, InquiryStatus]:
    """What is known of these inquiries."""
    return {row["inquiry_id"]: InquiryStatus(**dict(row)) for row in await connection.fetch(_INQUIRIES, list(ids))}


async def work(connection: Connection, ids: Collection[UUID]) -> dict[UUID, WorkState]:
    """What is known of these work items."""
    return {row["work_item_id"]: WorkState(**dict(row)) for row in await connection.fetch(_WORK, list(ids))}


async def keep(connection: Connection, statuses: Sequence[InquiryStatus], works: Sequence[WorkState]) -> None:
    """Write both down where they are news, and mark the receipts as routed."""
    if statuses:
        await connection.execute(_KEEP_INQUIRIES, *_columns(sorted(statuses, key=lambda each: each.inquiry_id)))
        await connection.execute(_ROUTED, [each.inquiry_id for each in statuses])
    if works:
        await connection.execute(_KEEP_WORK, *_columns(sorted(works, key=lambda each: each.work_item_id)))


def _columns(rows: Sequence[Any]) -> list[list[Any]]:
    order = _ORDER[type(rows[0])]
    return [[getattr(row, name) for row in rows] for name in order]


_ORDER = {
    InquiryStatus: (
        "inquiry_id", "pos", "state", "updated_at", "reason", "conversation_id", "work_item_id", "classification",
    ),
    WorkState: (
        "work_item_id", "pos", "state", "updated_at", "version", "routing", "offer", "assignment", "outcome",
        "agents",
    ),
}  # fmt: skip
