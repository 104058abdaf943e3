"""One dispatcher on real tables, step by step: what it writes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from services.router.commands.accept import Accept, accept
from services.router.commands.decline import Decline, decline
from services.router.facts import By
from shared.clock import ManualClock
from tests.router.dispatch.dispatching import Dispatching


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


async def _open_offer(desk: Any) -> UUID:
    found: UUID = await desk.pool.fetchval("SELECT id FROM router.offer WHERE state = 'open'")
    return UUID(str(found))
