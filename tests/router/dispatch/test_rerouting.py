"""A rule set is published: what waits is routed by it, a batch at a time, and nothing else is held up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.router.commands.decline import Decline, decline
from services.router.dispatch.gauges import Gauges
from services.router.dispatch.journal import Journal
from services.router.dispatch.matching import LARGEST_BATCH
from services.router.dispatch.term import Term
from services.router.facts import By
from services.router.rulesets import RuleSetStore, parse
from shared.clock import ManualClock
from shared.database.connection import Held
from shared.telemetry import Metrics
from tests.router.dispatch.desk import Desk
from tests.router.dispatch.dispatching import Dispatching

FIRST = """
format: 1
queues: {general: {offer_seconds: 30}}
rules: [{id: rest, then: {queue: general}}]
"""
SECOND = """
format: 1
queues:
  general: {}
  billing: {requires: {topic.billing: 3}, offer_seconds: 20, first_response: 30m}
rules:
  - {id: bills, when: {field: topic, op: eq, value: billing}, then: {queue: billing, weight: 40, priority: 9}}
  - {id: rest, then: {queue: general}}
"""


class Rules:
    """The numbered rule sets, published in turn."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self.store = RuleSetStore(pool)

    async def publish(self, text: str) -> int:
        document, _ = parse(text)
        version = await self.store.create(document, text, "test")
        await self.store.publish(version)
        return version


@pytest.fixture
async def rules(pool: asyncpg.Pool[asyncpg.Record]) -> Rules:
    rules = Rules(pool)
    assert await rules.publish(FIRST) == 1  # the version that the desk's items are routed by
    return rules


@pytest.fixture
async def dispatching(database_url: str, clock: ManualClock, desk: Desk, rules: Rules) -> AsyncIterator[Dispatching]:
    held = Held(database_url, name="dispatcher", hot=True)
    metrics = Metrics()
    journal = Journal(held, term=0)
    term = Term(journal=journal, clock=clock, rulesets=rules.store, gauges=Gauges(metrics))
    yield Dispatching(term, journal, metrics, await term.build())
    await held.close()


async def test_what_waits_gets_queue_needs_weight_and_due_times_of_the_new_rules_and_says_so(
    dispatching: Dispatching, desk: Desk, rules: Rules
) -> None:
    item = await desk.item()
    received_at = desk.clock.now()
    await dispatching.rest()
    assert (await desk.row("work_item", item))["queue"] == "general"
    await rules.publish(SECOND)
    await dispatching.rest()
    work = await desk.row("work_item", item)
    assert (work["queue"], work["weight"], work["waiting_reason"]) == ("billing", 40, "rerouted")
    assert work["route"]["requires"] == {"topic.billing": 3, "language.de": 1}
    assert (work["route"]["rule"], work["route"]["rule_set"], work["route"]["priority"]) == ("bills", 2, 9)
    assert work["first_response_due"] == received_at + timedelta(minutes=30)
    assert work["waiting_since"] == received_at
    assert work["next_check_at"] == received_at + timedelta(seconds=1)
    data = await _last(desk, "inquiry.waiting")
    assert (data["queue"], data["rule_set"], data["waiting"]["reason"]) == ("billing", 2, "rerouted")
    assert data["version"] == work["version"]


async def test_an_item_is_offered_at_once_to_who_can_take_it_by_the_new_rules(
    dispatching: Dispatching, desk: Desk, rules: Rules
) -> None:
    item = await desk.item(requires={"language.de": 1, "tier": 5})
    jana = await desk.agent("jana", skills={"language.de": 5, "topic.billing": 5})
    await dispatching.rest()
    assert await desk.offers() == {}
    await rules.publish(SECOND)
    await dispatching.rest()
    assert await desk.offers() == {item: jana}
    assert (await desk.row("agent", jana))["load"] == 40


async def test_an_open_offer_stays_and_the_item_is_routed_anew_when_it_comes_back(
    dispatching: Dispatching, desk: Desk, rules: Rules, clock: ManualClock
) -> None:
    jana = await desk.agent("jana")
    item = await desk.item()
    await dispatching.rest()
    await rules.publish(SECOND)
    await dispatching.rest()
    assert await desk.offers() == {item: jana}
    assert (await desk.row("work_item", item))["queue"] == "general"
    offer: UUID = await desk.pool.fetchval("SELECT id FROM router.offer WHERE state = 'open'")
    wish = Decline(UUID(str(offer)), UUID(jana), "other", None, None, By("test"))
    async with desk.pool.acquire() as connection, connection.transaction():
        await decline(connection, [wish], clock.now())
    await dispatching.rest()
    work = await desk.row("work_item", item)
    assert (work["state"], work["queue"], work["route"]["rule_set"]) == ("waiting", "billing", 2)
    assert [str(agent) for agent in work["declined_by"]] == [jana]


async def test_a_roll_back_routes_anew_too_and_an_item_that_came_by_the_other_rules_is_not_left_behind(
    dispatching: Dispatching, desk: Desk, rules: Rules
) -> None:
    before = await desk.item("before")
    await rules.publish(SECOND)
    await dispatching.rest()
    await rules.store.publish(1)
    await dispatching.rest()
    assert (await desk.row("work_item", before))["route"]["rule_set"] == 1
    late = await desk.item("late", rule_set=2)
    await dispatching.rest()
    assert (await desk.row("work_item", late))["route"]["rule_set"] == 1


async def test_thousands_are_routed_in_batches_and_offers_go_on_in_between(
    dispatching: Dispatching, desk: Desk, rules: Rules
) -> None:
    template = await desk.item("template")
    await _crowd(desk, template, 2_500)
    dispatching.memory = await dispatching.term.build()
    await rules.publish(SECOND)
    urgent = await desk.item("urgent", channel="chat", rule_set=2)
    jana = await desk.agent("jana", skills={"language.de": 5})
    await dispatching.term.step(dispatching.memory)
    assert await _routed_by(desk, 2) == LARGEST_BATCH + 1
    assert await desk.offers() == {urgent: jana}
    for _ in range(30):
        await dispatching.term.step(dispatching.memory)
    assert await _routed_by(desk, 2) == 2_502
    assert not dispatching.memory.needs_rebuild


async def test_a_dispatcher_that_takes_over_in_the_middle_finishes(
    dispatching: Dispatching, desk: Desk, rules: Rules
) -> None:
    template = await desk.item("template")
    await _crowd(desk, template, 2 * LARGEST_BATCH)
    dispatching.memory = await dispatching.term.build()
    await rules.publish(SECOND)
    await dispatching.term.step(dispatching.memory)
    assert await _routed_by(desk, 2) == LARGEST_BATCH
    dispatching.memory = await dispatching.term.build()
    await dispatching.rest()
    assert await _routed_by(desk, 2) == 2 * LARGEST_BATCH + 1


async def _crowd(desk: Desk, like: str, size: int) -> None:
    """Items that wait, each a copy of ``like``."""
    await desk.pool.execute(
        "INSERT INTO router.work_item SELECT (jsonb_populate_record(w, jsonb_build_object('id', gen_random_uuid()))).*"
        " FROM router.work_item w, generate_series(1, $2) WHERE w.id = $1",
        UUID(like),
        size,
    )


async def _routed_by(desk: Desk, rule_set: int) -> int:
    return int(
        await desk.pool.fetchval(
            "SELECT count(*) FROM router.work_item WHERE (route ->> 'rule_set')::int = $1", rule_set
        )
    )


async def _last(desk: Desk, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = await desk.pool.fetchval(
        "SELECT data FROM router.events WHERE type = $1 ORDER BY pos DESC LIMIT 1", kind
    )
    return found
