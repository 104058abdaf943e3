"""Accept, decline, complete, presence, assign, requeue, reply: what each changes, and who is refused."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.router.commands.accept import Accept
from services.router.commands.assign import Assign
from services.router.commands.complete import Complete
from services.router.commands.decline import Decline
from services.router.commands.presence import SetPresence
from services.router.commands.reply import Reply
from services.router.commands.requeue import Requeue
from services.router.facts import By
from shared.domain.inquiry import Channel, Sender
from shared.domain.work import Presence
from shared.errors import Refused

BY = By("user:test", "key-1")


@pytest.fixture
async def jana(company: Any) -> UUID:
    return await company.agent("jana")


@pytest.fixture
async def waiting(company: Any) -> dict[str, Any]:
    return (await company.receive(company.inquiry()))["inquiry.waiting"]


@pytest.fixture
async def offer(company: Any, jana: UUID, waiting: dict[str, Any]) -> UUID:
    return await company.offer(waiting["work_item_id"], jana)


def conversation(waiting: dict[str, Any]) -> UUID:
    return UUID(waiting["conversation_id"])


async def types_after(company: Any, before: int) -> list[str]:
    return [row.fact.type for row in await company.facts(before)]


async def position(company: Any) -> int:
    return (await company.facts())[-1].pos


async def refused(command: Any) -> str:
    with pytest.raises(Refused) as caught:
        await command
    return caught.value.code


def complete(waiting: dict[str, Any], agent: UUID) -> Complete:
    return Complete(conversation(waiting), agent, "Jana", "resolved", "all well", BY)


def decline(offer: UUID, agent: UUID) -> Decline:
    return Decline(offer, agent, "wrong_topic", None, "return", BY)


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
    assert await refused(company.commands.complete(complete(waiting, jana))) == "not-mine"


async def test_only_the_holder_completes(company: Any, jana: UUID, offer: UUID, waiting: dict[str, Any]) -> None:
    assert await refused(company.commands.complete(complete(waiting, jana))) == "not-mine"
    await company.commands.accept(Accept(offer, jana, BY))
    emma = await company.agent("emma")
    assert await refused(company.commands.complete(complete(waiting, emma))) == "not-mine"


@pytest.mark.parametrize("state", [Presence.BUSY, Presence.AWAY, Presence.OFFLINE])
async def test_leaving_withdraws_open_offers_at_once(company: Any, jana: UUID, offer: UUID, state: Presence) -> None:
    before = await position(company)
    agent = await company.commands.set_presence(SetPresence(jana, state, 3600, BY))
    assert (agent.presence, agent.presence_source, agent.load) == (state.value, "lease", 0)
    assert await types_after(company, before) == ["offer.withdrawn", "inquiry.waiting", "presence.changed"]
    assert await refused(company.commands.accept(Accept(offer, jana, BY))) == "offer-withdrawn"


async def test_presence_without_a_lease_stands_with_the_stream(company: Any, jana: UUID) -> None:
    agent = await company.commands.set_presence(SetPresence(jana, Presence.AVAILABLE, None, BY))
    assert (agent.presence_source, agent.lease_until) == ("stream", None)
    assert agent.stream_seen_at == company.clock.now()


async def test_each_change_of_an_agent_raises_its_version_but_load_leaves_the_edition(
    company: Any, jana: UUID, waiting: dict[str, Any]
) -> None:
    before = await company.pool.fetchrow("SELECT version, edition FROM router.agent")
    await company.offer(waiting["work_item_id"], jana)
    after = await company.pool.fetchrow("SELECT version, edition FROM router.agent")
    assert after["version"] > before["version"]
    assert after["edition"] == before["edition"]


async def test_an_edit_on_an_old_edition_is_refused(company: Any, jana: UUID) -> None:
    edit = {"skills": {"language.en": 1}, "capacity": 50, "by": BY}
    changed = await company.commands.edit_agent(jana, edition=1, **edit)
    assert (changed.edition, changed.capacity) == (2, 50)
    assert (await company.facts())[-1].fact.type == "agent.changed"
    assert await refused(company.commands.edit_agent(jana, edition=1, **edit)) == "version-mismatch"
    assert await refused(company.commands.edit_agent(uuid4(), edition=1, **edit)) == "not-found"


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


async def chat(company: Any, agent: UUID) -> dict[str, Any]:
    inquiry = company.inquiry(channel=Channel.CHAT, key="chat:s1", references=("chat:s1",), sender=Sender(name="Olle"))
    waiting = (await company.receive(inquiry))["inquiry.waiting"]
    offer = await company.offer(waiting["work_item_id"], agent)
    await company.commands.accept(Accept(offer, agent, BY))
    return waiting


async def test_an_answer_in_a_chat_is_kept_and_on_its_way(company: Any, jana: UUID) -> None:
    waiting = await chat(company, jana)
    message = await company.commands.reply(Reply(uuid4(), conversation(waiting), jana, "Jana", "Hej", BY))
    row = await company.pool.fetchrow("SELECT key, data FROM router.reply_outbox")
    assert row["key"] == "chat:s1"
    assert (row["data"]["session"], row["data"]["text"], row["data"]["ended"]) == ("chat:s1", "Hej", False)
    data = (await company.facts())[-1].fact.data
    assert (data["message_id"], data["from"], data["seq"]) == (str(message.id), "agent", message.seq)
    assert (await company.item(waiting["work_item_id"]))["first_response_at"] is not None


async def test_completing_a_chat_tells_the_customers_side(company: Any, jana: UUID) -> None:
    waiting = await chat(company, jana)
    await company.commands.complete(complete(waiting, jana))
    data = await company.pool.fetchval("SELECT data FROM router.reply_outbox")
    assert (data["ended"], data["text"]) == (True, "")


async def test_mail_cannot_be_answered_yet_and_only_the_holder_answers(
    company: Any, jana: UUID, offer: UUID, waiting: dict[str, Any]
) -> None:
    wish = Reply(uuid4(), conversation(waiting), jana, "Jana", "Hello", BY)
    assert await refused(company.commands.reply(wish)) == "not-mine"
    await company.commands.accept(Accept(offer, jana, BY))
    assert await refused(company.commands.reply(wish)) == "channel-cannot-send"
