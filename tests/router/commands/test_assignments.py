"""Assignments: what completing, assigning and requeueing change, and who is refused."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from services.router.commands.accept import Accept
from services.router.commands.assign import Assign
from services.router.commands.requeue import Requeue
from services.router.facts import By
from tests.router.commands.wishes import BY, complete, conversation, position, refused, types_after


async def test_completing_gives_the_load_back_and_ends_the_conversation(
    company: Any, jana: UUID, offer: UUID, waiting: dict[str, Any]
) -> None:
    await company.commands.accept(Accept(offer, jana, BY))
    before = await position(company)
    ended = await company.commands.complete(complete(waiting, jana))
    assert ended.agent_id == jana
    assert await types_after(company, before) == ["assignment.ended"]
    data = (await company.facts())[-1].fact.data
    assert (data["state"], data["outcome"], data["reason"]) == ("completed", "resolved", "completed")
    assert await company.load(jana) == 0
    assert await company.pool.fetchval("SELECT state FROM router.conversation") == "completed"


async def test_completing_again_under_the_same_key_is_the_same_and_under_another_it_is_not_mine(
    company: Any, jana: UUID, offer: UUID, waiting: dict[str, Any]
) -> None:
    emma = await company.agent("emma")
    await company.commands.accept(Accept(offer, jana, BY))
    ended = await company.commands.complete(complete(waiting, jana))
    before = await position(company)
    assert await company.commands.complete(complete(waiting, jana)) == ended
    again = replace(complete(waiting, jana), by=By(BY.actor, "key-2"))
    assert await refused(company.commands.complete(again)) == "not-mine"
    assert await refused(company.commands.complete(complete(waiting, emma))) == "not-mine"
    assert await types_after(company, before) == []


async def test_only_the_holder_completes(company: Any, jana: UUID, offer: UUID, waiting: dict[str, Any]) -> None:
    assert await refused(company.commands.complete(complete(waiting, jana))) == "not-mine"
    await company.commands.accept(Accept(offer, jana, BY))
    emma = await company.agent("emma")
    assert await refused(company.commands.complete(complete(waiting, emma))) == "not-mine"


async def test_assigning_takes_the_item_from_whoever_has_it(
    company: Any, jana: UUID, offer: UUID, waiting: dict[str, Any]
) -> None:
    await company.commands.accept(Accept(offer, jana, BY))
    emma = await company.agent("emma")
    before = await position(company)
    assigned = await company.commands.assign(Assign(conversation(waiting), emma, BY))
    assert assigned.agent_id == emma
    assert await types_after(company, before) == ["assignment.ended", "assignment.started"]
    assert (await company.load(jana), await company.load(emma)) == (0, 15)
    assert await company.commands.assign(Assign(conversation(waiting), emma, BY)) == assigned


async def test_assigning_withdraws_the_offer_to_another_who_then_hears_that_it_is_taken(
    company: Any, jana: UUID, offer: UUID, waiting: dict[str, Any]
) -> None:
    emma = await company.agent("emma")
    await company.commands.assign(Assign(conversation(waiting), emma, BY))
    assert await refused(company.commands.accept(Accept(offer, jana, BY))) == "offer-taken"
    assert await company.load(jana) == 0


async def test_assigning_to_the_agent_who_is_asked_accepts_for_them(
    company: Any, jana: UUID, offer: UUID, waiting: dict[str, Any]
) -> None:
    assigned = await company.commands.assign(Assign(conversation(waiting), jana, BY))
    assert (await company.commands.accept(Accept(offer, jana, BY))).assignment == assigned
    assert await company.load(jana) == 15


async def test_capacity_is_never_exceeded_by_assigning(company: Any) -> None:
    small = await company.agent("small", capacity=40)
    facts = [await company.receive(company.inquiry()) for _ in range(4)]
    places = [UUID(fact["inquiry.waiting"]["conversation_id"]) for fact in facts]
    answers = await asyncio.gather(
        *(company.commands.assign(Assign(place, small, BY)) for place in places), return_exceptions=True
    )
    assert sorted(getattr(answer, "code", "assigned") for answer in answers) == ["agent-full"] * 2 + ["assigned"] * 2
    assert await company.load(small) == 30


async def test_assigning_needs_open_work_and_a_known_agent(
    company: Any, jana: UUID, offer: UUID, waiting: dict[str, Any]
) -> None:
    assert await refused(company.commands.assign(Assign(conversation(waiting), uuid4(), BY))) == "invalid"
    assert await refused(company.commands.assign(Assign(uuid4(), jana, BY))) == "not-found"
    await company.commands.accept(Accept(offer, jana, BY))
    await company.commands.complete(complete(waiting, jana))
    assert await refused(company.commands.assign(Assign(conversation(waiting), jana, BY))) == "not-waiting"


async def requeue(company: Any, waiting: dict[str, Any], queue: str | None) -> Any:
    version, ruleset = await company.rulesets.live()
    return await company.commands.requeue(Requeue(conversation(waiting), queue, ruleset, version, BY))


async def test_requeueing_takes_it_out_of_hands_and_lets_it_wait_in_the_queue(
    company: Any, jana: UUID, offer: UUID, waiting: dict[str, Any]
) -> None:
    await company.commands.accept(Accept(offer, jana, BY))
    before = await position(company)
    item = await requeue(company, waiting, "returns")
    assert (item.state, item.queue, item.waiting_reason) == ("waiting", "returns", "requeued")
    assert await types_after(company, before) == ["assignment.ended", "inquiry.waiting"]
    assert (await company.facts())[-1].fact.data["requires"] == {"language.en": 1}
    assert await company.load(jana) == 0


async def test_requeueing_by_the_rules_withdraws_the_offer(
    company: Any, jana: UUID, offer: UUID, waiting: dict[str, Any]
) -> None:
    before = await position(company)
    item = await requeue(company, waiting, None)
    assert (item.queue, item.route["rule"]) == ("billing", "billing")
    assert await types_after(company, before) == ["offer.withdrawn", "inquiry.waiting"]
    assert await company.load(jana) == 0
    assert await refused(requeue(company, waiting, "nowhere")) == "invalid"
