"""Offers: what accepting and declining change, once and at once, and who is refused."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.router.commands.accept import Accept
from services.router.commands.assign import Assign
from tests.router.commands.wishes import BY, conversation, decline, position, refused, types_after


async def test_accepting_starts_an_assignment_and_keeps_the_load(company: Any, jana: UUID, offer: UUID) -> None:
    before = await position(company)
    accepted = await company.commands.accept(Accept(offer, jana, BY))
    assert accepted.assignment.agent_id == jana
    assert await types_after(company, before) == ["offer.accepted", "assignment.started"]
    assert {row.fact.cause for row in await company.facts(before)} == {"key-1"}
    assert await company.load(jana) == 15
    item = await company.item(accepted.assignment.work_item_id)
    assert item["state"] == "assigned"
    assert (await company.facts())[-1].fact.data["version"] == item["version"]


async def test_accepting_again_gives_the_same_assignment_and_no_fact(company: Any, jana: UUID, offer: UUID) -> None:
    first = await company.commands.accept(Accept(offer, jana, BY))
    before = await position(company)
    again = await company.commands.accept(Accept(offer, jana, BY))
    assert again.assignment == first.assignment
    assert await types_after(company, before) == []


async def test_two_accepts_at_once_give_one_assignment(company: Any, jana: UUID, offer: UUID) -> None:
    both = await asyncio.gather(*(company.commands.accept(Accept(offer, jana, BY)) for _ in range(2)))
    assert both[0].assignment == both[1].assignment
    assert await company.pool.fetchval("SELECT count(*) FROM router.assignment") == 1


async def test_an_accept_and_a_supervisors_assign_at_once_leave_one_holder(
    company: Any, jana: UUID, offer: UUID, waiting: dict[str, Any]
) -> None:
    emma = await company.agent("emma")
    accepted, assigned = await asyncio.gather(
        company.commands.accept(Accept(offer, jana, BY)),
        company.commands.assign(Assign(conversation(waiting), emma, BY)),
        return_exceptions=True,
    )
    assert assigned.agent_id == emma
    assert getattr(accepted, "code", "accepted") in {"offer-taken", "accepted"}
    holders = await company.pool.fetch("SELECT agent_id FROM router.assignment WHERE ended_at IS NULL")
    assert [row["agent_id"] for row in holders] == [emma]
    assert (await company.load(jana), await company.load(emma)) == (0, 15)


async def test_many_accepts_go_in_one_transaction_and_each_has_its_own_answer(company: Any, jana: UUID) -> None:
    offers = []
    for _ in range(4):
        facts = await company.receive(company.inquiry())
        offers.append(await company.offer(facts["inquiry.waiting"]["work_item_id"], jana))
    answers = await asyncio.gather(
        *(company.commands.accept(Accept(o, jana, BY)) for o in [*offers, uuid4()]), return_exceptions=True
    )
    assert len({answer.assignment.id for answer in answers[:4]}) == 4
    assert answers[4].code == "not-found"


async def test_an_offer_to_somebody_else_is_not_there(company: Any, offer: UUID) -> None:
    emma = await company.agent("emma")
    assert await refused(company.commands.accept(Accept(offer, emma, BY))) == "not-found"
    assert await refused(company.commands.decline(decline(offer, emma))) == "not-found"


@pytest.mark.parametrize("state", ["lapsed", "withdrawn"])
async def test_an_offer_that_is_over_cannot_be_accepted(company: Any, jana: UUID, offer: UUID, state: str) -> None:
    await company.pool.execute("UPDATE router.offer SET state = $1", state)
    assert await refused(company.commands.accept(Accept(offer, jana, BY))) == f"offer-{state}"
    assert await refused(company.commands.decline(decline(offer, jana))) == f"offer-{state}"


async def test_declining_gives_the_load_back_and_the_item_waits_with_the_decliner_named(
    company: Any, jana: UUID, offer: UUID
) -> None:
    before = await position(company)
    declined = await company.commands.decline(decline(offer, jana))
    assert (declined.state, declined.reason) == ("declined", "wrong_topic")
    assert await types_after(company, before) == ["offer.declined", "inquiry.waiting"]
    data = (await company.facts())[-1].fact.data
    assert data["declined_by"] == [str(jana)]
    assert data["waiting"]["reason"] == "offer_declined"
    assert await company.load(jana) == 0
    assert await company.commands.decline(decline(offer, jana)) == declined
    assert await refused(company.commands.accept(Accept(offer, jana, BY))) == "offer-declined"
