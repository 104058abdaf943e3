"""Agents changed by operations: it acts at once."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from services.router import facts
from services.router.facts import By
from services.router.store import agents
from services.router.store.agents import Agent
from services.router.store.events import append
from services.router.store.reader import Connection
from shared.errors import Refused


async def edit_agent(
    conn: Connection, agent_id: UUID, edition: int, skills: Mapping[str, int], capacity: int, by: By
) -> Agent:
    """Write skills and capacity as of ``edition``.

    Raises:
        Refused: ``not-found``, or ``version-mismatch`` when somebody has edited since.
    """
    changed = await agents.edit(conn, agent_id, edition, skills, capacity)
    if changed is None:
        there = await agents.by_id(conn, [agent_id])
        raise Refused("version-mismatch") if there else Refused("not-found")
    await append(conn, [facts.agent_changed(changed, by)])
    return changed
