"""Agents, made by name: for the demo and for set-up by script. Changing one by hand is a command."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import asyncpg

from services.router import facts
from services.router.facts import By
from services.router.store import agents
from services.router.store.events import append
from shared.database.connection import translate
from shared.domain.ids import derived_id


async def ensure_agent(
    pool: asyncpg.Pool[asyncpg.Record],
    *,
    username: str,
    name: str,
    skills: Mapping[str, int],
    capacity: int = 100,
    agent_id: UUID | None = None,
) -> UUID:
    """Make the agent ``username``, or bring it to these values; returns its id, always the same."""
    made = agent_id or derived_id("agent", username)
    with translate():
        async with pool.acquire() as conn, conn.transaction():
            changed = await agents.ensure(conn, made, username, name, skills, capacity)
            if changed is not None:
                await append(conn, [facts.agent_changed(changed, By("setup"))])
    return made
