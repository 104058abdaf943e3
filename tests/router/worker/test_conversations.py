"""What becomes of inquiries: conversations, work, and what opens none."""

from __future__ import annotations

from typing import Any

import pytest

from services.router.service import RouterPositions
from shared.batch import Batch
from shared.domain.inquiry import Automatic, Channel, Sender
from shared.errors import LogUnavailable, ShareLost, Undecodable


async def test_an_inquiry_becomes_waiting_work_with_its_route_and_facts_in_order(company: Any) -> None:
    inquiry = company.inquiry(subject="Invoice")
    facts = await company.receive(inquiry)
    assert list(facts) == ["inquiry.received", "inquiry.classified", "message.added", "inquiry.waiting"]
    waiting = facts["inquiry.waiting"]
    assert waiting["inquiry_id"] == str(inquiry.id)
    assert waiting["queue"] == "billing"
    assert waiting["requires"] == {"topic.billing": 2, "language.en": 1}
    assert waiting["waiting"]["reason"] == "new"
    assert waiting["due"]["first_response_at"] is not None
    assert facts["inquiry.classified"]["classification"]["topic"]["value"] == "billing"
    item = await company.item(waiting["work_item_id"])
    assert (item["state"], item["weight"], item["version"]) == ("waiting", 15, waiting["version"])


async def test_the_same_record_again_changes_nothing(company: Any) -> None:
    event = company.event(company.inquiry())
    await company.take(event)
    before = await company.facts()
    await company.take(event)
    assert await company.facts() == before


async def test_a_crash_before_the_commit_leaves_nothing_and_the_batch_comes_again(
    company: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = company.event(company.inquiry())

    async def crash(*_: object) -> None:
        raise ConnectionError("killed")

    with monkeypatch.context() as patch:
        patch.setattr("services.router.service.events.append", crash)
        with pytest.raises(Exception, match="killed"):
            await company.take(event)
    assert [row.fact.type for row in await company.facts()] == ["ruleset.published"]
    assert await company.pool.fetchval("SELECT count(*) FROM router.inbox") == 0
    await company.take(event, pos=9)
    assert await company.pool.fetchval("SELECT count(*) FROM router.work_item") == 1
    assert await company.pool.fetchval("SELECT pos FROM router.position") == 9


async def test_a_worker_that_lost_its_share_writes_nothing(company: Any) -> None:
    await company.positions.load([0], fence=2, incarnation="a")
    with pytest.raises(LogUnavailable):
        await company.take(company.event(company.inquiry()), fence=1)
    assert [row.fact.type for row in await company.facts()] == ["ruleset.published"]
    with pytest.raises(LogUnavailable):
        await company.positions.load([0], fence=1, incarnation="a")


async def test_a_log_that_was_wiped_is_read_from_its_start(company: Any) -> None:
    await company.take(company.event(company.inquiry()), pos=9)
    assert await company.positions.load([0], fence=2, incarnation="a") == {0: 9}
    assert await company.positions.load([0], fence=1, incarnation="b") == {0: 0}


async def test_a_sleeper_of_the_log_that_was_wiped_writes_nothing_though_its_fence_comes_again(company: Any) -> None:
    sleeper = company.taking
    heir = RouterPositions(url=company.url)
    await heir.load([0], fence=1, incarnation="b")
    await heir.close()
    with pytest.raises(LogUnavailable):
        await sleeper.handle(Batch.of([company.event(company.inquiry())], positions={0: 9}, fence=1))
    assert await company.pool.fetchval("SELECT pos FROM router.position") == 0
    assert await company.pool.fetchval("SELECT count(*) FROM router.inbox") == 0


async def test_who_comes_too_late_is_told_the_fence_it_lost_to(company: Any) -> None:
    await company.positions.load([0], fence=7, incarnation="a")
    with pytest.raises(ShareLost) as caught:
        await company.positions.load([0, 1], fence=3, incarnation="a")
    assert caught.value.fence == 7


async def test_what_is_none_of_our_events_is_undecodable(company: Any) -> None:
    event = company.event(company.inquiry())
    event.data.pop("inquiry")
    with pytest.raises(Undecodable):
        await company.take(event)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (2, 0, 1)])
async def test_a_thread_is_one_conversation_in_any_order_of_arrival(company: Any, order: tuple[int, ...]) -> None:
    sender = Sender(email="anna@example.org")
    root = company.inquiry(sender=sender)
    reply = company.inquiry(sender=sender, references=(root.own_reference,))
    again = company.inquiry(sender=sender, references=(reply.own_reference, root.own_reference))
    thread = [root, reply, again]
    for place in order:
        await company.receive(thread[place])
    rows = await company.pool.fetch("SELECT inquiry_id, conversation_id FROM router.message ORDER BY seq")
    assert [row["inquiry_id"] for row in rows] == [inquiry.id for inquiry in thread]
    assert len({row["conversation_id"] for row in rows}) == 1
    assert await company.pool.fetchval("SELECT count(*) FROM router.work_item") == 1


async def test_a_thread_inside_one_batch_is_one_conversation(company: Any) -> None:
    sender = Sender(email="anna@example.org")
    root = company.inquiry(sender=sender)
    reply = company.inquiry(sender=sender, references=(root.own_reference,))
    await company.take(company.event(reply), company.event(root))
    assert await company.pool.fetchval("SELECT count(*) FROM router.conversation") == 1
    assert await company.pool.fetchval("SELECT count(*) FROM router.message") == 2


async def test_a_stranger_who_quotes_a_thread_starts_a_conversation_of_their_own(company: Any) -> None:
    root = company.inquiry(sender=Sender(email="anna@shop.example"))
    await company.receive(root)
    colleague = company.inquiry(sender=Sender(email="ben@shop.example"), references=(root.own_reference,))
    await company.receive(colleague)
    stranger = company.inquiry(sender=Sender(email="eve@elsewhere.example"), references=(root.own_reference,))
    await company.receive(stranger)
    assert await company.pool.fetchval("SELECT count(*) FROM router.conversation") == 2


async def test_one_contact_is_known_by_all_addresses_whatever_their_case(company: Any) -> None:
    await company.receive(company.inquiry(sender=Sender(email="Anna@Example.org", phone="+371 1")))
    await company.receive(company.inquiry(sender=Sender(email="anna@example.org")))
    await company.receive(company.inquiry(channel=Channel.VOICEMAIL, sender=Sender(phone="+371 1")))
    assert await company.pool.fetchval("SELECT count(*) FROM router.contact") == 1
    assert await company.pool.fetchval("SELECT count(*) FROM router.conversation") == 3


async def test_a_message_to_open_work_joins_it(company: Any) -> None:
    root = company.inquiry(channel=Channel.API, references=("api:t1",))
    first = await company.receive(root)
    second = await company.receive(company.inquiry(channel=Channel.API, references=("api:t1",)))
    assert "inquiry.waiting" not in second
    assert second["inquiry.received"]["work_item_id"] == first["inquiry.waiting"]["work_item_id"]
    assert second["message.added"]["conversation_id"] == first["inquiry.waiting"]["conversation_id"]


async def test_a_message_to_a_finished_conversation_opens_new_work_in_it(company: Any) -> None:
    root = company.inquiry(channel=Channel.API, references=("api:t1",))
    first = (await company.receive(root))["inquiry.waiting"]
    await company.pool.execute("UPDATE router.work_item SET state = 'completed'")
    await company.pool.execute("UPDATE router.conversation SET state = 'completed'")
    second = (await company.receive(company.inquiry(channel=Channel.API, references=("api:t1",))))["inquiry.waiting"]
    assert second["conversation_id"] == first["conversation_id"]
    assert second["work_item_id"] != first["work_item_id"]
    assert await company.pool.fetchval("SELECT state FROM router.conversation") == "open"


@pytest.mark.parametrize(
    ("automatic", "reason"),
    [
        (Automatic.AUTO_REPLY, "auto-reply"),
        (Automatic.BOUNCE, "bounce"),
        (Automatic.OWN, "own"),
        (Automatic.RECEIPT, "receipt"),
    ],
)
async def test_mail_of_machines_opens_no_work(company: Any, automatic: Automatic, reason: str) -> None:
    facts = await company.receive(company.inquiry(automatic=automatic))
    assert list(facts) == ["inquiry.received", "inquiry.classified", "inquiry.closed"]
    assert facts["inquiry.closed"]["reason"] == reason
    assert facts["inquiry.closed"]["conversation_id"] is None
    assert await company.pool.fetchval("SELECT count(*) FROM router.work_item") == 0


async def test_an_auto_reply_joins_the_conversation_that_it_answers(company: Any) -> None:
    root = company.inquiry()
    first = await company.receive(root)
    facts = await company.receive(company.inquiry(automatic=Automatic.AUTO_REPLY, references=(root.own_reference,)))
    assert facts["inquiry.closed"]["conversation_id"] == first["inquiry.received"]["conversation_id"]
    assert facts["inquiry.closed"]["work_item_id"] is None
    assert facts["message.added"]["conversation_id"] == first["inquiry.received"]["conversation_id"]


async def test_what_cannot_be_read_waits_in_triage(company: Any) -> None:
    unreadable = await company.receive(company.inquiry(unreadable="mime-depth"))
    unknown = await company.receive(company.inquiry(), language="und")
    unsure = await company.receive(company.inquiry(), abstained=True)
    assert [f["inquiry.waiting"]["queue"] for f in (unreadable, unknown, unsure)] == ["triage"] * 3
    assert unknown["inquiry.waiting"]["requires"] == {}


def _chat(company: Any, text: str) -> Any:
    return company.inquiry(text, channel=Channel.CHAT, key="chat:s1", references=("chat:s1",), own_reference=None)


async def test_a_chat_that_opens_with_hello_is_routed_anew_by_what_follows(company: Any) -> None:
    first = (await company.receive(_chat(company, "hello"), topic="other", abstained=True))["inquiry.waiting"]
    assert first["queue"] == "triage"
    facts = await company.receive(_chat(company, "my card"), topic="billing")
    assert facts["inquiry.waiting"]["work_item_id"] == first["work_item_id"]
    assert facts["inquiry.waiting"]["queue"] == "billing"
    assert facts["inquiry.waiting"]["version"] == first["version"] + 1
    assert (await company.item(first["work_item_id"]))["queue"] == "billing"


async def test_a_chat_on_offer_is_withdrawn_when_it_clearly_belongs_elsewhere(company: Any) -> None:
    agent = await company.agent("jana")
    first = (await company.receive(_chat(company, "hello"), topic="other", abstained=True))["inquiry.waiting"]
    await company.offer(first["work_item_id"], agent)
    assert await company.load(agent) == 33
    facts = await company.receive(_chat(company, "my card"), topic="billing")
    assert list(facts)[-2:] == ["offer.withdrawn", "inquiry.waiting"]
    assert facts["offer.withdrawn"]["agent_id"] == str(agent)
    assert facts["offer.withdrawn"]["version"] == facts["inquiry.waiting"]["version"]
    assert await company.load(agent) == 0
    assert (await company.item(first["work_item_id"]))["state"] == "waiting"


async def test_a_chat_stays_where_it_is_while_the_new_topic_is_not_clearly_ahead(company: Any) -> None:
    await company.receive(_chat(company, "my card"), topic="billing")
    close = (("return", 0.45), ("billing", 0.4))
    facts = await company.receive(_chat(company, "and the parcel"), topic="return", top=close)
    assert "inquiry.waiting" not in facts


async def test_two_chat_lines_in_one_batch_end_in_one_item_with_the_later_route(company: Any) -> None:
    hello = company.event(_chat(company, "hello"), topic="other", abstained=True)
    card = company.event(_chat(company, "my card"), topic="billing")
    await company.take(hello, card)
    item = await company.pool.fetchrow("SELECT id, queue, version FROM router.work_item")
    last = (await company.facts())[-1].fact.data
    assert (item["queue"], item["version"]) == ("billing", last["version"])
