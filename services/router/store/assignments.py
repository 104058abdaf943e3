"""Assignments. They change only under the locks of their agent and work item."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.router.store.conversations import columns
from services.router.store.reader import Connection, Reader

_COLUMNS = "id, work_item_id, conversation_id, inquiry_id, agent_id, weight, since, ended_at"

BY_ID = f"SELECT {_COLUMNS} FROM router.assignment WHERE id = ANY($1::uuid[])"

OPEN_OF_CONVERSATIONS = f"""
SELECT {_COLUMNS} FROM router.assignment WHERE conversation_id = ANY($1::uuid[]) AND ended_at IS NULL
"""

OPEN_OF_AGENT = f"SELECT {_COLUMNS} FROM router.assignment WHERE agent_id = $1 AND ended_at IS NULL"

START = """
INSERT INTO router.assignment (id, work_item_id, conversation_id, inquiry_id, agent_id, weight, since)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::int[], $7::timestamptz[])
"""

# Which command ended it is kept, so that the same command, sent again after a crash, finds that it has.
ENDED_BY = f"""
SELECT {_COLUMNS}, ended_by FROM router.assignment WHERE conversation_id = ANY($1::uuid[]) AND ended_by = ANY($2::text[])
"""

END = f"""
UPDATE router.assignment AS a SET ended_at = $3, end_reason = e.reason
FROM unnest($1::uuid[], $2::text[]) AS e (id, reason)
WHERE a.id = e.id AND a.ended_at IS NULL RETURNING {", ".join("a." + n.strip() for n in _COLUMNS.split(","))}
"""

MAY_SEE = """
SELECT EXISTS (SELECT 1 FROM router.assignment WHERE conversation_id = $1 AND agent_id = $2)
    OR EXISTS (SELECT 1 FROM router.offer WHERE conversation_id = $1 AND agent_id = $2 AND state = 'open')
"""


@dataclass(frozen=True, slots=True)
class Assignment:
    """An accepted offer, until it ends."""

    id: UUID
    work_item_id: UUID
    conversation_id: UUID
    inquiry_id: UUID
    agent_id: UUID
    weight: int
    since: datetime
    ended_at: datetime | None = None


async def by_id(conn: Reader, ids: Collection[UUID]) -> dict[UUID, Assignment]:
    """Those of ``ids`` that exist."""
    return {row["id"]: Assignment(**row) for row in await conn.fetch(BY_ID, list(ids))}


async def open_of(conn: Reader, conversations: Collection[UUID]) -> dict[UUID, Assignment]:
    """By conversation, who has it in hand."""
    rows = await conn.fetch(OPEN_OF_CONVERSATIONS, list(conversations))
    return {row["conversation_id"]: Assignment(**row) for row in rows}


async def ended_by(conn: Reader, wishes: Collection[tuple[UUID, str]]) -> dict[tuple[UUID, str], Assignment]:
    """By (conversation, cause), what that command has ended."""
    if not wishes:
        return {}
    rows = [dict(row) for row in await conn.fetch(ENDED_BY, *columns(wishes))]
    return {(row["conversation_id"], row.pop("ended_by")): Assignment(**row) for row in rows}


async def open_of_agent(conn: Reader, agent: UUID) -> list[Assignment]:
    """What the agent has in hand."""
    return [Assignment(**row) for row in await conn.fetch(OPEN_OF_AGENT, agent)]


async def start(conn: Connection, new: Sequence[Assignment]) -> None:
    """Keep new assignments of locked items."""
    if new:
        rows = ((a.id, a.work_item_id, a.conversation_id, a.inquiry_id, a.agent_id, a.weight, a.since) for a in new)
        await conn.execute(START, *columns(rows))


async def end(conn: Connection, endings: Sequence[tuple[UUID, str]], now: datetime) -> dict[UUID, Assignment]:
    """End (id, reason) those that have not ended; the others are missing from the answer."""
    if not endings:
        return {}
    return {row["id"]: Assignment(**row) for row in await conn.fetch(END, *columns(endings), now)}


async def may_see(conn: Reader, conversation: UUID, agent: UUID) -> bool:
    """Whether the agent holds or held the conversation, or has it on offer."""
    return bool(await conn.fetchval(MAY_SEE, conversation, agent))
