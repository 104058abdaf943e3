"""Offers, conversations and decisions over HTTP: shapes, statuses, who may."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

from shared.domain.inquiry import Channel

DECLINE = {"reason": "wrong_topic", "note": None, "should_be": None}


async def test_an_agent_sees_the_offer_and_accepts_it_twice_with_one_answer(
    api: Any, jana: UUID, offer: UUID, waiting: dict[str, Any]
) -> None:
    shown = (await api.get("jana", "/offers?state=open")).json()
    assert shown["next"] is None
    (item,) = shown["items"]
    assert set(item) == {
        "id", "state", "work_item_id", "conversation_id", "inquiry_id", "agent_id", "queue", "made_at", "expires_at",
        "decision_id", "reason",
    }  # fmt: skip
    assert (item["id"], item["state"], item["queue"]) == (str(offer), "open", "billing")
    assert item["expires_at"] == "2026-03-04T09:01:00.000Z"
    first = await api.post("jana", f"/offers/{offer}/accept", json={})
    again = await api.post("jana", f"/offers/{offer}/accept", json={})
    assert (first.status_code, first.json()) == (200, again.json())
    assert set(first.json()["assignment"]) == {"id", "work_item_id", "conversation_id", "agent_id", "since"}
    assert first.json()["assignment"]["conversation_id"] == waiting["conversation_id"]


async def test_an_accept_races_a_supervisors_assign_one_wins_the_other_hears_409(
    api: Any, jana: UUID, emma: UUID, offer: UUID, waiting: dict[str, Any]
) -> None:
    place = f"/conversations/{waiting['conversation_id']}"
    assert (await api.post("sara", f"{place}/assign", json={"agent_id": str(emma)})).status_code == 200
    refused = await api.post("jana", f"/offers/{offer}/accept", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "offer-taken")
    assert refused.headers["content-type"] == "application/problem+json"


async def test_the_same_key_is_answered_word_for_word(api: Any, offer: UUID, company: Any) -> None:
    key = {"Idempotency-Key": "k1"}
    first = await api.post("jana", f"/offers/{offer}/decline", json=DECLINE, headers=key)
    again = await api.post("jana", f"/offers/{offer}/decline", json=DECLINE, headers=key)
    assert first.status_code == 200
    assert first.json()["state"] == "declined"
    assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
    other = await api.post("jana", f"/offers/{offer}/decline", json=DECLINE | {"note": "x"}, headers=key)
    assert other.json()["code"] == "idempotency-key-reused"
    assert {row.fact.cause for row in (await company.facts())[-2:]} == {"k1"}


async def test_offers_that_ended_answer_410_and_foreign_ones_404(
    api: Any, company: Any, jana: UUID, emma: UUID, offer: UUID
) -> None:
    assert (await api.post("emma", f"/offers/{offer}/accept", json={})).status_code == 404
    assert (await api.post("jana", f"/offers/{uuid4()}/accept", json={})).status_code == 404
    for state in ("lapsed", "withdrawn", "declined"):
        await company.pool.execute("UPDATE router.offer SET state = $1", state)
        refused = await api.post("jana", f"/offers/{offer}/accept", json={})
        assert (refused.status_code, refused.json()["code"]) == (410, f"offer-{state}")


async def test_offers_come_in_pages(api: Any, company: Any, jana: UUID) -> None:
    for _ in range(3):
        facts = await company.receive(company.inquiry())
        await company.offer(facts["inquiry.waiting"]["work_item_id"], jana)
        company.clock.advance(1)
    first = (await api.get("jana", "/offers?limit=2")).json()
    rest = (await api.get("jana", f"/offers?limit=2&after={first['next']}")).json()
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (2, 1, None)
    times = [offer["made_at"] for offer in first["items"] + rest["items"]]
    assert times == sorted(times, reverse=True)
    assert (await api.get("jana", "/offers?after=nonsense")).status_code == 422


async def test_a_supervisor_reads_all_offers_an_agent_only_its_own(
    api: Any, jana: UUID, emma: UUID, offer: UUID
) -> None:
    assert len((await api.get("sara", "/offers?state=open")).json()["items"]) == 1
    assert len((await api.get("sara", f"/offers?agent_id={emma}")).json()["items"]) == 0
    assert (await api.get("emma", "/offers")).json()["items"] == []
    assert (await api.get("emma", f"/offers?agent_id={jana}")).status_code == 403


async def test_a_conversation_shows_contact_messages_work_and_assignment(
    api: Any, jana: UUID, offer: UUID, waiting: dict[str, Any]
) -> None:
    place = f"/conversations/{waiting['conversation_id']}"
    before = (await api.get("jana", place)).json()
    assert before["assignment"] is None
    assert before["contact"]["email"].endswith("@example.org")
    (message,) = before["messages"]
    assert set(message) == {"id", "seq", "from", "name", "channel", "text", "language", "at", "inquiry_id"}
    assert (message["from"], message["text"]) == ("customer", "My card was charged twice")
    item = before["work_item"]
    assert (item["state"], item["queue"], item["rule"], item["topic"]) == ("offered", "billing", "billing", "billing")
    assert item["requires"] == [{"skill": "language.en", "level": 1}, {"skill": "topic.billing", "level": 2}]
    assert item["due"] == {"first_response_at": "2026-03-04T13:00:00.000Z", "resolution_at": None}
    assert item["classification"]["passage"] == "charged twice"
    assert item["decision_id"] is not None
    await api.post("jana", f"/offers/{offer}/accept", json={})
    after = (await api.get("jana", place)).json()
    assert after["assignment"]["agent_id"] == str(jana)
    assert after["version"] > before["version"]
    done = await api.post("jana", f"{place}/complete", json={"outcome": "resolved", "note": None})
    assert (done.status_code, done.json()["state"]) == (200, "completed")
    assert done.json()["work_item"]["outcome"] == "resolved"
    assert (await api.get("jana", place)).json()["state"] == "completed"


async def test_who_does_not_hold_it_may_not_complete_whether_it_is_there_or_not(
    api: Any, jana: UUID, waiting: dict[str, Any]
) -> None:
    for place in (waiting["conversation_id"], uuid4()):
        refused = await api.post("jana", f"/conversations/{place}/complete", json={"outcome": "resolved"})
        assert (refused.status_code, refused.json()["code"]) == (403, "not-mine")


async def test_conversations_and_decisions_are_there_for_those_concerned(
    api: Any, jana: UUID, emma: UUID, offer: UUID, waiting: dict[str, Any]
) -> None:
    place = f"/conversations/{waiting['conversation_id']}"
    decision = (await api.get("jana", "/offers")).json()["items"][0]["decision_id"]
    for who, seen, told in (
        ("jana", 200, 200), ("sara", 200, 200), ("otto", 200, 200), ("emma", 404, 404), ("aud", 403, 200),
        ("shop", 403, 403), (None, 401, 401),
    ):  # fmt: skip
        assert (await api.get(who, place)).status_code == seen, who
        assert (await api.get(who, f"/decisions/{decision}")).status_code == told, who
    assert (await api.get("sara", f"/conversations/{uuid4()}")).status_code == 404
    shown = (await api.get("jana", f"/decisions/{decision}")).json()
    assert {"id", "at", "position", "rule_set", "policy", "trigger", "queue", "rule_trace", "chosen", "candidates",
            "excluded", "relaxation_step"} <= set(shown)  # fmt: skip


async def test_an_answer_goes_out_by_chat_and_nowhere_else(
    api: Any, company: Any, jana: UUID, emma: UUID, offer: UUID, waiting: dict[str, Any]
) -> None:
    mail = f"/conversations/{waiting['conversation_id']}/messages"
    assert (await api.post("emma", mail, json={"text": "x"})).status_code == 404
    assert (await api.post("jana", mail, json={"text": "x"})).json()["code"] == "not-mine"
    await api.post("jana", f"/offers/{offer}/accept", json={})
    refused = await api.post("jana", mail, json={"text": "x"})
    assert (refused.status_code, refused.json()["code"]) == (409, "channel-cannot-send")
    chat = company.inquiry(channel=Channel.CHAT, key="chat:s", references=("chat:s",))
    begun = (await company.receive(chat))["inquiry.waiting"]
    taken = await company.offer(begun["work_item_id"], jana)
    await api.post("jana", f"/offers/{taken}/accept", json={})
    place = f"/conversations/{begun['conversation_id']}"
    key = {"Idempotency-Key": "r1"}
    said = await api.post("jana", f"{place}/messages", json={"text": "Hello"}, headers=key)
    assert said.status_code == 201
    assert (said.json()["from"], said.json()["name"], said.json()["text"]) == ("agent", "Jana", "Hello")
    facts = await company.facts()
    await company.pool.execute("DELETE FROM access.idempotency")  # as if the process had died before keeping it
    again = await api.post("jana", f"{place}/messages", json={"text": "Hello"}, headers=key)
    assert again.json() == said.json()
    assert await company.facts() == facts
    assert len((await api.get("jana", place)).json()["messages"]) == 2
    assert await company.pool.fetchval("SELECT count(*) FROM router.reply_outbox") == 1
    assert (await api.post("jana", f"{place}/messages", json={"text": ""})).status_code == 422


async def test_a_supervisor_assigns_and_requeues(api: Any, company: Any, jana: UUID, waiting: dict[str, Any]) -> None:
    place = f"/conversations/{waiting['conversation_id']}"
    assigned = await api.post("sara", f"{place}/assign", json={"agent_id": str(jana)})
    assert assigned.json()["assignment"]["agent_id"] == str(jana)
    back = await api.post("sara", f"{place}/requeue", json={"queue": "returns"})
    assert (back.status_code, back.json()["state"], back.json()["work_item"]["queue"]) == (200, "waiting", "returns")
    assert (await api.post("sara", f"{place}/requeue", json={"queue": None})).json()["work_item"]["queue"] == "billing"
    assert (await api.post("sara", f"{place}/requeue", json={"queue": "nowhere"})).status_code == 422
    small = await company.agent("small", capacity=10)
    full = await api.post("sara", f"{place}/assign", json={"agent_id": str(small)})
    assert (full.status_code, full.json()["code"]) == (409, "agent-full")
    for who in ("otto", "jana", "aud", "shop"):
        assert (await api.post(who, f"{place}/assign", json={"agent_id": str(jana)})).status_code == 403
        assert (await api.post(who, f"{place}/requeue", json={})).status_code == 403


async def test_unknown_fields_are_refused(api: Any, jana: UUID, offer: UUID) -> None:
    refused = await api.post("jana", f"/offers/{offer}/decline", json=DECLINE | {"colour": "red"})
    assert refused.status_code == 422
    assert (await api.post("jana", f"/offers/{offer}/accept", json={"x": 1})).status_code == 422
    assert (await api.post("jana", "/offers/nonsense/accept", json={})).status_code in {404, 422}


async def test_many_accepts_at_once_over_http_never_exceed_what_is_there(api: Any, company: Any, jana: UUID) -> None:
    offers = []
    for _ in range(5):
        facts = await company.receive(company.inquiry())
        offers.append(await company.offer(facts["inquiry.waiting"]["work_item_id"], jana))
    answers = await asyncio.gather(
        *(api.post("jana", f"/offers/{offer}/accept", json={}) for offer in offers for _ in range(2))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert await company.pool.fetchval("SELECT count(*) FROM router.assignment") == 5
    assert await company.load(jana) == 75
