"""A small company on a real database: inquiries come in, agents are made, offers are put before them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.router.agents import ensure_agent
from services.router.commands.writers import Commands
from services.router.facts import By
from services.router.rulesets import RuleSetStore, parse
from services.router.service import RouterPositions, Taking
from services.router.store import events
from services.router.store.events import Fact, Recorded
from shared.clock import ManualClock
from shared.domain.classification import Classification, Label, TopicLabel, UrgencyLabel
from shared.domain.ids import derived_id
from shared.domain.inquiry import Channel, Inquiry, Sender
from shared.events import CloudEvent, event_type
from shared.worker import Batch

RULES = """
format: 1
queues:
  billing: {requires: {topic.billing: 2}, offer_seconds: 60, first_response: 4h}
  returns: {}
  general: {}
rules:
  - id: billing
    when: {field: topic, op: eq, value: billing}
    then: {queue: billing, priority: 5}
  - id: returns
    when: {field: topic, op: eq, value: return}
    then: {queue: returns}
  - {id: everything-else, then: {queue: general}}
"""
BY = By("user:test", "key-1")


class Company:
    """What tests do to a router's database, in its words."""

    def __init__(self, url: str, pool: asyncpg.Pool[asyncpg.Record], clock: ManualClock) -> None:
        self.url = url
        self.pool = pool
        self.clock = clock
        self.rulesets = RuleSetStore(pool)
        self.positions = RouterPositions(url=url)
        self.taking = Taking(url=url, positions=self.positions, rulesets=self.rulesets, clock=clock)
        self.commands = Commands(url=url, clock=clock)
        self._numbers = count(1)

    async def open(self) -> None:
        document, _ = parse(RULES)
        await self.rulesets.publish(await self.rulesets.create(document, RULES, "test"))
        await self.positions.load([0], fence=1, incarnation="a")

    async def close(self) -> None:
        await self.taking.close()
        await self.positions.close()
        await self.commands.close()

    def inquiry(self, text: str = "My card was charged twice", **fields: Any) -> Inquiry:
        number = next(self._numbers)
        plain: dict[str, Any] = {
            "id": derived_id("test", str(number)),
            "sequence": number,
            "caller": "key:1",
            "channel": Channel.EMAIL,
            "received_at": self.clock.now(),
            "key": f"key-{number}",
            "sender": Sender(email=f"customer{number}@example.org", name="A Customer"),
            "own_reference": f"<m{number}@example.org>",
            "text": text,
        }
        return Inquiry(**(plain | fields))

    def event(self, inquiry: Inquiry, **said: Any) -> CloudEvent:
        classification = classified(**said)
        data = {
            "inquiry": inquiry.model_dump(mode="json"),
            "classification": classification.model_dump(mode="json"),
        }
        event_id = str(derived_id("classified", str(inquiry.id)))
        kind = event_type("inquiry.classified")
        return CloudEvent(event_id, kind, "/classifier", str(inquiry.id), inquiry.key, self.clock.now(), data)

    async def take(self, *taken: CloudEvent, pos: int = 1, fence: int = 1) -> None:
        await self.taking.handle(Batch.of(taken, positions={0: pos}, fence=fence))

    async def receive(self, inquiry: Inquiry, **said: Any) -> dict[str, Any]:
        """Take one inquiry in; the facts that came of it, by type."""
        before = await events.head(self.pool)
        await self.take(self.event(inquiry, **said))
        return {row.fact.type: row.fact.data for row in await events.read(self.pool, before)}

    async def agent(self, name: str, skills: Mapping[str, int] | None = None, *, capacity: int = 100) -> UUID:
        held = {"language.en": 5, "topic.billing": 5} if skills is None else skills
        made = await ensure_agent(self.pool, username=name, name=name.title(), skills=held, capacity=capacity)
        await self.pool.execute("UPDATE router.agent SET presence = 'available' WHERE id = $1", made)
        return made

    async def offer(self, work_item_id: str | UUID, agent_id: UUID) -> UUID:
        """Put the item before the agent, as the dispatcher does."""
        offer_id, decision_id, now = uuid4(), uuid4(), self.clock.now()
        async with self.pool.acquire() as conn, conn.transaction():
            item = await conn.fetchrow(
                "UPDATE router.work_item SET state = 'offered', version = version + 1 WHERE id = $1 RETURNING *",
                UUID(str(work_item_id)),
            )
            await conn.execute("UPDATE router.agent SET load = load + $2 WHERE id = $1", agent_id, item["weight"])
            await conn.execute(
                "INSERT INTO router.decision (id, work_item_id, at, position, body) VALUES ($1, $2, $3, 7, $4)",
                decision_id,
                item["id"],
                now,
                {"position": 7, "rule_set": 1, "policy": "best-fit", "trigger": "arrival", "queue": item["queue"]},
            )
            await conn.execute(
                """INSERT INTO router.offer (id, work_item_id, conversation_id, inquiry_id, agent_id, queue, weight,
                state, made_at, expires_at, decision_id, term) VALUES ($1,$2,$3,$4,$5,$6,$7,'open',$8,$9,$10,1)""",
                offer_id, item["id"], item["conversation_id"], item["inquiry_id"], agent_id, item["queue"],
                item["weight"], now, now + timedelta(seconds=60), decision_id,
            )  # fmt: skip
            data = {
                "offer_id": str(offer_id),
                "work_item_id": str(item["id"]),
                "inquiry_id": str(item["inquiry_id"]),
                "conversation_id": str(item["conversation_id"]),
                "version": item["version"],
                "agent_id": str(agent_id),
            }
            await events.append(conn, [Fact("offer.made", data["inquiry_id"], data["conversation_id"], data)])
        return offer_id

    async def facts(self, after: int = 0) -> list[Recorded]:
        return await events.read(self.pool, after)

    async def load(self, agent_id: UUID) -> int:
        return int(await self.pool.fetchval("SELECT load FROM router.agent WHERE id = $1", agent_id))

    async def item(self, work_item_id: str | UUID) -> asyncpg.Record:
        return await self.pool.fetchrow("SELECT * FROM router.work_item WHERE id = $1", UUID(str(work_item_id)))


def classified(
    topic: str = "billing", language: str = "en", *, abstained: bool = False, top: tuple[Any, ...] = ()
) -> Classification:
    return Classification(
        language=Label(value=language, confidence=0.99),
        topic=TopicLabel(value=topic, confidence=0.9, top=top),
        urgency=UrgencyLabel(value=2, confidence=0.8),
        abstained=abstained,
        passage="charged twice",
        model="test",
    )


@pytest.fixture
async def company(database_url: str, pool: asyncpg.Pool[asyncpg.Record], clock: ManualClock) -> AsyncIterator[Company]:
    """A company with three queues and nobody in it."""
    company = Company(database_url, pool, clock)
    await company.open()
    yield company
    await company.close()
