"""Agents and items in a real database, for a dispatcher to find."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import asyncpg

from services.router.decide.facts import Facts
from services.router.decide.route import route as decide
from services.router.decide.ruleset import compile_ruleset
from services.router.dispatch.facts import inquiry_waiting
from services.router.store.events import Fact, append
from shared.clock import ManualClock
from shared.domain.ids import derived_id

DEFAULT_RULE = {"id": "rest", "then": {"queue": "general"}}


class Desk:
    """Agents and items in a real database, made the way the worker and operations make them."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], clock: ManualClock) -> None:
        self.pool = pool
        self.clock = clock

    async def agent(self, name: str, *, skills: dict[str, int] | None = None, **columns: Any) -> str:
        agent_id = str(derived_id("agent", name))
        values = {"presence": "available", "capacity": 100} | columns
        await self.pool.execute(
            "INSERT INTO router.agent (id, username, name, skills, idle_since) VALUES ($1, $2, $2, $3, $4)",
            agent_id,
            name,
            skills or {"language.de": 5},
            self.clock.now(),
        )
        for column, value in values.items():
            await self.pool.execute(f"UPDATE router.agent SET {column} = $2 WHERE id = $1", agent_id, value)
        await self.tell(
            "agent.changed", agent_id=agent_id, skills=skills or {"language.de": 5}, capacity=100, version=1
        )
        await self.tell("presence.changed", agent_id=agent_id, state=values["presence"], capacity=values["capacity"])
        return agent_id

    async def item(self, name: str = "one", *, channel: str = "email", language: str = "de", **route: Any) -> str:
        item_id, now = str(derived_id("item", name)), self.clock.now()
        facts = Facts(topic="billing", language=language, urgency=2, confidence=0.9, abstained=False, channel=channel)
        document = {"format": 1, "queues": {"general": {"offer_seconds": 30}}, "rules": [DEFAULT_RULE]}
        found = decide(compile_ruleset(document), facts, version=1, received_at=now).to_json() | route
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute(
                "INSERT INTO router.conversation (id, channel, key) VALUES ($1, $2, $3)", item_id, channel, name
            )
            row = await connection.fetchrow(
                "INSERT INTO router.work_item (id, conversation_id, inquiry_id, state, channel, language, topic,"
                " urgency, facts, classification, route, queue, weight, received_at, waiting_since,"
                " first_response_due, waiting_reason, next_check_at)"
                " VALUES ($1, $1, $1, 'waiting', $2, $3, 'billing', 2, $4, '{}', $5, $6, $7, $8, $8, $9,"
                " 'being_matched', $10) RETURNING *, id AS work_item_id, weight AS item_weight",
                item_id,
                channel,
                language,
                facts.to_json(),
                found,
                found["queue"],
                found["weight"],
                now,
                now + timedelta(hours=1),
                now + timedelta(seconds=1),
            )
            await append(connection, [inquiry_waiting(row)])
        return item_id

    async def tell(self, kind: str, **data: Any) -> None:
        async with self.pool.acquire() as connection:
            await append(connection, [Fact(kind, "-", "-", data)])

    async def row(self, table: str, row_id: str) -> dict[str, Any]:
        found = await self.pool.fetchrow(f"SELECT * FROM router.{table} WHERE id = $1", row_id)
        return dict(found)

    async def offers(self, state: str = "open") -> dict[str, str]:
        """Item by item, the agent who is asked."""
        rows = await self.pool.fetch("SELECT * FROM router.offer WHERE state = $1 ORDER BY made_at", state)
        return {str(row["work_item_id"]): str(row["agent_id"]) for row in rows}

    async def kinds(self) -> list[str]:
        return [row["type"] for row in await self.pool.fetch("SELECT type FROM router.events ORDER BY pos")]
