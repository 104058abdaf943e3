"""Agents made and changed by operations: it acts at once."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import asyncpg

from services.router import facts
from services.router.facts import By
from services.router.store import agents
from services.router.store.agents import Agent
from services.router.store.events import append
from services.router.store.reader import Connection
from shared.database.connection import translate
from shared.domain.ids import derived_id
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


async def ensure_agent(
    pool: asyncpg.Pool[asyncpg.Record], *, username: str, name: str, skills: Mapping[str, int], capacity: int = 100
) -> UUID:
    """Make the agent ``username``, or bring it to these values; returns its id, always the same."""
    agent_id = derived_id("agent", username)
    with translate():
        async with pool.acquire() as conn, conn.transaction():
            changed = await agents.ensure(conn, agent_id, username, name, skills, capacity)
            if changed is not None:
                await append(conn, [facts.agent_changed(changed, By("setup"))])
    return agent_id
