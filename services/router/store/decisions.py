"""Decision records: why an item was put before an agent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.router.store.reader import Reader

BY_ID = """
SELECT d.id, d.at, d.position, d.body, w.conversation_id, o.agent_id AS offered_to
FROM router.decision d JOIN router.work_item w ON w.id = d.work_item_id
LEFT JOIN router.offer o ON o.work_item_id = d.work_item_id AND o.decision_id = d.id
WHERE d.id = $1
"""


@dataclass(frozen=True, slots=True)
class Decision:
    """One record; ``body`` as the dispatcher wrote it."""

    id: UUID
    at: datetime
    position: int
    body: dict[str, Any]
    conversation_id: UUID
    offered_to: UUID | None


NAMES = "SELECT id::text, name FROM router.agent WHERE id = ANY($1::uuid[])"


async def by_id(conn: Reader, decision: UUID) -> Decision | None:
    """The record, if there is one."""
    row = await conn.fetchrow(BY_ID, decision)
    return None if row is None else Decision(**row)


async def candidate_names(conn: Reader, decision: Decision) -> dict[str, str]:
    """What the candidates of the record are called today, by their id."""
    ids = [candidate["agent_id"] for candidate in decision.body.get("candidates", [])]
    return {row["id"]: row["name"] for row in await conn.fetch(NAMES, ids)}
