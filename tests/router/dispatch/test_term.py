"""One dispatcher on real tables, step by step: what it writes, and what it does when it was wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.router.commands.accept import Accept, accept
from services.router.commands.decline import Decline, decline
from services.router.decide.ruleset import compile_ruleset
from services.router.dispatch.gauges import Gauges
from services.router.dispatch.journal import Journal
from services.router.dispatch.lock import LeadershipLost
from services.router.dispatch.matching import propose
from services.router.dispatch.pool import Pool
from services.router.dispatch.term import Term
from services.router.facts import By
from shared.clock import ManualClock
from shared.database.connection import Held
from shared.telemetry import Metrics

RULES = {
    "format": 1,
    "queues": {"general": {"overflow": "wide"}, "wide": {"offer_seconds": 7}},
    "rules": [{"id": "rest", "then": {"queue": "general"}}],
}


class Live:
    async def live(self) -> tuple[int, Any]:
        return 1, compile_ruleset(RULES)


@dataclass
class Dispatching:
    """A term and its memory, moved on by hand."""

    term: Term
    journal: Journal
    metrics: Metrics
    memory: Pool

    async def rest(self) -> None:
        """Step until nothing is left to do."""
        for _ in range(50):
            acted = await self.term.step(self.memory)
            if self.memory.needs_rebuild:
                self.memory = await self.term.build()
            elif not acted:
                return
        raise AssertionError("it never comes to rest")


@pytest.fixture
async def dispatching(database_url: str, clock: ManualClock, desk: Any) -> AsyncIterator[Dispatching]:
    held = Held(database_url, name="dispatcher", hot=True)
    metrics = Metrics()
    journal = Journal(held, term=0)
    term = Term(journal=journal, clock=clock, rulesets=Live(), gauges=Gauges(metrics))
    yield Dispatching(term, journal, metrics, await term.build())
    await held.close()


async def test_an_item_is_offered_with_its_load_its_decision_and_its_fact(dispatching: Dispatching, desk: Any) -> None:
    jana = await desk.agent("jana")
    await desk.agent("emma", skills={"language.en": 5})
    item = await desk.item()
    await dispatching.rest()
    assert await desk.offers() == {item: jana}
    assert (await desk.row("agent", jana))["load"] == 15
    work = await desk.row("work_item", item)
    assert (work["state"], work["version"], work["waiting_reason"]) == ("offered", 2, None)
    offer = await desk.pool.fetchrow("SELECT * FROM router.offer")
    assert offer["expires_at"] - offer["made_at"] == timedelta(seconds=30)
    decision = (await desk.row("decision", offer["decision_id"]))["body"]
    assert decision["chosen"]["agent_id"] == jana
    assert decision["excluded"] == {"language": 1}
    assert decision["rule_trace"] == [{"rule": "rest", "matched": True}]
    assert decision["candidates"][0]["agent_id"] == jana
    assert (decision["id"], decision["trigger"]) == (str(offer["decision_id"]), "arrival")
    assert (await desk.kinds())[-1] == "offer.made"
    assert dispatching.metrics.offers.labels(result="made")._value.get() == 1


async def test_an_offer_that_nobody_answers_goes_on_to_another_agent(
    dispatching: Dispatching, desk: Any, clock: ManualClock
) -> None:
    jana = await desk.agent("jana")
    item = await desk.item()
    await dispatching.rest()
    lukas = await desk.agent("lukas")
    clock.advance(29.9)
    await dispatching.rest()
    assert await desk.offers() == {item: jana}
    clock.advance(0.2)
    await dispatching.rest()
    assert await desk.offers() == {item: lukas}
    assert await desk.offers("lapsed") == {item: jana}
    assert (await desk.row("agent", jana))["load"] == 0
    assert [str(agent) for agent in (await desk.row("work_item", item))["lapsed_by"]] == [jana]
    assert (await desk.kinds())[-3:] == ["offer.lapsed", "inquiry.waiting", "offer.made"]


async def test_a_lapsed_offer_comes_back_to_a_lone_agent_after_a_pause_as_long_as_the_offer(
    dispatching: Dispatching, desk: Any, clock: ManualClock
) -> None:
    jana = await desk.agent("jana")
    item = await desk.item()
    await dispatching.rest()
    clock.advance(30)
    await dispatching.rest()
    clock.advance(2)
    await dispatching.rest()
    assert await desk.offers() == {}
    assert (await desk.row("work_item", item))["waiting_reason"] == "offer_lapsed"
    clock.advance(30)
    await dispatching.rest()
    assert await desk.offers() == {item: jana}


async def test_a_declined_item_goes_to_another_and_never_back_while_that_one_could_take_it(
    dispatching: Dispatching, desk: Any, clock: ManualClock
) -> None:
    jana, lukas = await desk.agent("jana"), await desk.agent("lukas", presence="offline")
    item = await desk.item()
    await dispatching.rest()
    wish = Decline(await _open_offer(desk), UUID(jana), "too_much", None, None, By("test"))
    async with desk.pool.acquire() as connection, connection.transaction():
        await decline(connection, [wish], clock.now())
    for _ in range(10):
        clock.advance(61)
        await dispatching.rest()
    assert await desk.offers() == {}
    await desk.pool.execute("UPDATE router.agent SET presence = 'available' WHERE id = $1", lukas)
    await desk.tell("presence.changed", agent_id=lukas, state="available", capacity=100)
    await dispatching.rest()
    assert await desk.offers() == {item: lukas}


async def test_an_accepted_mail_holds_back_the_next_but_not_a_chat(
    dispatching: Dispatching, desk: Any, clock: ManualClock
) -> None:
    jana = await desk.agent("jana")
    await desk.item("first")
    await dispatching.rest()
    wish = Accept(await _open_offer(desk), UUID(jana), By("test"))
    async with desk.pool.acquire() as connection, connection.transaction():
        await accept(connection, [wish], clock.now())
    await desk.item("second")
    chat = await desk.item("chat", channel="chat")
    await dispatching.rest()
    assert await desk.offers() == {chat: jana}


async def test_what_nobody_can_take_says_why_and_when_it_is_looked_at_again(
    dispatching: Dispatching, desk: Any, clock: ManualClock
) -> None:
    await desk.agent("jana")
    item = await desk.item(language="lv")
    await dispatching.rest()
    assert (await desk.row("work_item", item))["waiting_reason"] == "being_matched"
    clock.advance(1)
    await dispatching.rest()
    work = await desk.row("work_item", item)
    assert work["waiting_reason"] == "no_agent_with_language"
    assert work["next_check_at"] == clock.now() + timedelta(seconds=60)
    clock.advance(60)
    await dispatching.rest()
    assert (await desk.row("work_item", item))["next_check_at"] == clock.now() + timedelta(seconds=60)


async def test_a_lease_that_runs_out_takes_the_agent_offline_and_the_offer_back(
    dispatching: Dispatching, desk: Any, clock: ManualClock
) -> None:
    jana = await desk.agent("jana", lease_until=clock.now() + timedelta(seconds=10))
    item = await desk.item()
    await dispatching.rest()
    assert await desk.offers() == {item: jana}
    clock.advance(10)
    await dispatching.rest()
    assert (await desk.row("agent", jana))["presence"] == "offline"
    assert await desk.offers("withdrawn") == {item: jana}
    assert (await desk.row("agent", jana))["load"] == 0
    assert (await desk.row("work_item", item))["state"] == "waiting"


async def test_a_stream_that_is_gone_for_a_minute_leaves_the_agent_away_unless_a_lease_holds(
    dispatching: Dispatching, desk: Any, clock: ManualClock
) -> None:
    seen = {"presence_source": "stream", "stream_seen_at": clock.now()}
    jana = await desk.agent("jana", **seen)
    lukas = await desk.agent("lukas", **seen, lease_until=clock.now() + timedelta(hours=1))
    clock.advance(59)
    await dispatching.rest()
    assert (await desk.row("agent", jana))["presence"] == "available"
    clock.advance(2)
    await dispatching.rest()
    assert (await desk.row("agent", jana))["presence"] == "away"
    assert (await desk.row("agent", lukas))["presence"] == "available"


async def test_past_its_time_to_first_response_an_item_overflows_and_keeps_its_language(
    dispatching: Dispatching, desk: Any, clock: ManualClock
) -> None:
    jana = await desk.agent("jana")
    item = await desk.item(requires={"language.de": 1, "tier": 3})
    await dispatching.rest()
    clock.advance(1)
    await dispatching.rest()
    for _ in range(60):
        clock.advance(60)
        await dispatching.rest()
    work = await desk.row("work_item", item)
    assert (work["queue"], work["route"]["requires"]) == ("wide", {"language.de": 1})
    assert await desk.offers() == {item: jana}


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE router.agent SET presence = 'away'",
        "UPDATE router.agent SET load = 90",
        "UPDATE router.agent SET capacity = 10",
        "UPDATE router.work_item SET version = version + 1",
        "UPDATE router.work_item SET state = 'assigned'",
    ],
)
async def test_an_offer_that_memory_got_wrong_writes_nothing(dispatching: Dispatching, desk: Any, spoil: str) -> None:
    jana = await desk.agent("jana")
    await desk.item()
    memory = await dispatching.term.build()
    proposals = propose(memory, desk.clock.now())
    await desk.pool.execute(spoil)
    before = await desk.row("agent", jana), await desk.kinds()
    assert len(proposals) == 1
    assert await dispatching.journal.offer(proposals) == []
    assert (await desk.row("agent", jana), await desk.kinds()) == before
    assert await desk.pool.fetchval("SELECT count(*) FROM router.offer") == 0


async def test_memory_that_was_wrong_without_a_fact_is_built_anew(
    dispatching: Dispatching, desk: Any, clock: ManualClock
) -> None:
    jana = await desk.agent("jana")
    await dispatching.rest()
    await desk.pool.execute("UPDATE router.agent SET load = 100")
    item = await desk.item()
    await dispatching.rest()
    assert await desk.offers() == {}
    await desk.pool.execute("UPDATE router.agent SET load = 0")
    clock.advance(61)
    await dispatching.rest()
    assert await desk.offers() == {item: jana}


async def test_a_dispatcher_whose_term_is_over_writes_nothing_whatever_it_tries(
    dispatching: Dispatching, desk: Any, clock: ManualClock
) -> None:
    await desk.agent("jana", lease_until=clock.now() + timedelta(minutes=1))
    await desk.item("first")
    await dispatching.rest()
    await desk.item("second")
    await desk.agent("lukas")
    await desk.pool.execute("UPDATE router.term SET term = term + 1")
    before = await desk.kinds()
    clock.advance(3600)
    memory = await dispatching.term.build()
    writes = [
        dispatching.journal.offer(propose(memory, clock.now())),
        dispatching.journal.close(list(memory.expired(clock.now())), state="lapsed", reason="x", now=clock.now()),
        dispatching.journal.expire_presence(clock.now()),
        dispatching.term.step(memory),
    ]
    for write in writes:
        with pytest.raises(LeadershipLost):
            await write
    assert await desk.kinds() == before


async def test_memory_folded_is_memory_built_anew(dispatching: Dispatching, desk: Any, clock: ManualClock) -> None:
    for name in ("a", "b", "c"):
        await desk.agent(name)
    for number in range(5):
        await desk.item(f"mail-{number}")
    await dispatching.rest()
    jana = (await desk.pool.fetchval("SELECT agent_id FROM router.offer ORDER BY id LIMIT 1"), By("test"))
    offer = await desk.pool.fetchval("SELECT id FROM router.offer ORDER BY id LIMIT 1")
    async with desk.pool.acquire() as connection, connection.transaction():
        await accept(connection, [Accept(offer, *jana)], clock.now())
    clock.advance(31)
    await dispatching.rest()
    anew = await dispatching.term.build()
    folded = dispatching.memory
    assert folded.position == anew.position
    assert {a.id: (a.load, a.presence, a.holdings) for a in folded.agents.values()} == {
        a.id: (a.load, a.presence, a.holdings) for a in anew.agents.values()
    }
    assert folded.offers == anew.offers
    assert {e.item.id: (e.state, e.item.version, e.item.requires) for e in folded.entries.values()} == {
        e.item.id: (e.state, e.item.version, e.item.requires) for e in anew.entries.values()
    }


async def _open_offer(desk: Any) -> UUID:
    found: UUID = await desk.pool.fetchval("SELECT id FROM router.offer WHERE state = 'open'")
    return UUID(str(found))
