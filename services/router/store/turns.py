"""Work that changes hands by the thousand: taken and finished in one statement each, as every other costs a round trip.

The agents concerned are locked already. Within a statement locks come in the order that all writers keep: work items,
offers and assignments, conversations; each by id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.router.store.conversations import columns
from services.router.store.reader import Connection

TAKE = """
WITH wish AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[]) AS w (offer, assignment)
), locked AS MATERIALIZED (
    SELECT i.id FROM wish w JOIN router.offer o ON o.id = w.offer JOIN router.work_item i ON i.id = o.work_item_id
    WHERE i.state = 'offered' ORDER BY i.id FOR UPDATE OF i
), ended AS (
    UPDATE router.offer o SET state = 'accepted', ended_at = $3::timestamptz
    FROM wish w, locked WHERE o.id = w.offer AND o.work_item_id = locked.id AND o.state = 'open'
    RETURNING o.id, o.work_item_id, o.conversation_id, o.inquiry_id, o.agent_id, o.weight, w.assignment
), started AS (
    INSERT INTO router.assignment (id, work_item_id, conversation_id, inquiry_id, agent_id, weight, since)
    SELECT assignment, work_item_id, conversation_id, inquiry_id, agent_id, weight, $3 FROM ended
)
UPDATE router.work_item i
SET state = 'assigned', version = i.version + 1, waiting_reason = NULL, next_check_at = NULL
FROM ended WHERE i.id = ended.work_item_id RETURNING ended.id, i.version, i.channel
"""

FINISH = """
WITH wish AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS w (assignment, outcome, note, cause)
), locked AS MATERIALIZED (
    SELECT i.id FROM wish w JOIN router.assignment a ON a.id = w.assignment
        JOIN router.work_item i ON i.id = a.work_item_id
    ORDER BY i.id FOR UPDATE OF i
), ended AS (
    UPDATE router.assignment a SET ended_at = $5::timestamptz, end_reason = 'completed', ended_by = w.cause
    FROM wish w, locked WHERE a.id = w.assignment AND a.work_item_id = locked.id AND a.ended_at IS NULL
    RETURNING a.id, a.work_item_id, a.conversation_id, a.agent_id, a.weight, w.outcome, w.note
), given AS (
    UPDATE router.agent g SET load = g.load - e.weight, idle_since = $5
    FROM (SELECT agent_id, sum(weight)::int AS weight FROM ended GROUP BY agent_id) e WHERE g.id = e.agent_id
), held AS MATERIALIZED (
    SELECT c.id FROM ended JOIN router.conversation c ON c.id = ended.conversation_id ORDER BY c.id FOR UPDATE OF c
), done AS (
    UPDATE router.conversation c SET state = 'completed', version = c.version + 1, updated_at = $5
    FROM held WHERE c.id = held.id RETURNING c.id, c.channel, c.key
)
UPDATE router.work_item i
SET state = 'completed', version = i.version + 1, outcome = ended.outcome, note = ended.note, completed_at = $5,
    waiting_reason = NULL, next_check_at = NULL
FROM ended JOIN done ON done.id = ended.conversation_id WHERE i.id = ended.work_item_id
RETURNING ended.id, i.version, done.channel, done.key
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """An offer was accepted: the item's version since, and its channel."""

    version: int
    channel: str


@dataclass(frozen=True, slots=True)
class Finished:
    """An assignment was completed: the item's version since, and what is known of its conversation."""

    version: int
    channel: str
    key: str


async def take(conn: Connection, wishes: Sequence[tuple[UUID, UUID]], now: datetime) -> dict[UUID, Taken]:
    """Accept open offers (id, id of the assignment that begins); those whose item is not on offer are missing."""
    rows = await conn.fetch(TAKE, *columns(wishes), now) if wishes else []
    return {row["id"]: Taken(row["version"], row["channel"]) for row in rows}


async def finish(
    conn: Connection, wishes: Sequence[tuple[UUID, str, str | None, str | None]], now: datetime
) -> dict[UUID, Finished]:
    """Complete open assignments (id, outcome, note, cause): item and conversation are done, the load is given back."""
    rows = await conn.fetch(FINISH, *columns(wishes), now) if wishes else []
    return {row["id"]: Finished(row["version"], row["channel"], row["key"]) for row in rows}
