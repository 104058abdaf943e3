"""What GET answers follows what the router says, whatever is repeated or comes late."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.ingest import status
from services.ingest.store.status import InquiryStatus, WorkState
from shared.errors import Undecodable
from shared.events import ROUTING, CloudEvent, event_type
from tests.ingest.conftest import AGENT_ID, House, eventually

AT = datetime(2026, 3, 4, 9, 14, 2, 113000, tzinfo=UTC)
WORK = "00000000-0000-4000-8000-00000000aaaa"
CONVERSATION = "00000000-0000-4000-8000-00000000bbbb"
CLASSIFICATION = {"language": {"value": "de", "confidence": 0.99}, "topic": {"value": "billing", "confidence": 0.9}}
WAITING = {
    "queue": "billing-dach",
    "rule": "card-problems",
    "rule_set": 18,
    "requires": {"topic.billing": 3, "language.de": 4},
    "due": {"first_response_at": "2026-03-04T13:14:02.113Z", "resolution_at": None},
    "waiting": {"reason": "no_eligible_agent_available", "next_check_at": "2026-03-04T09:15:02.113Z"},
}


class Router:
    """Says things in order."""

    def __init__(self, inquiry_id: str, positions: Iterator[int] | None = None) -> None:
        self.inquiry_id = inquiry_id
        self._positions = positions or count(1)

    def says(self, name: str, **data: Any) -> CloudEvent:
        known = {"inquiry_id": self.inquiry_id, "conversation_id": CONVERSATION, "work_item_id": WORK}
        pos = next(self._positions)
        return CloudEvent(
            id=str(uuid4()),
            type=event_type(name),
            source="/router",
            subject=self.inquiry_id,
            key=self.inquiry_id,
            time=AT,
            data=known | {"version": pos} | data,
            extensions={"sequence": str(pos)},
        )

    def story(self) -> list[CloudEvent]:
        agent = {"agent_id": str(AGENT_ID), "offer_id": CONVERSATION, "assignment_id": WORK}
        return [
            self.says("inquiry.received", work_item_id=None),
            self.says("inquiry.classified", classification=CLASSIFICATION),
            self.says("inquiry.waiting", **WAITING),
            self.says("offer.made", expires_at="2026-03-04T09:15:02.113Z", **agent),
            self.says("offer.lapsed", **agent),
            self.says("inquiry.waiting", **WAITING),
            self.says("offer.made", expires_at="2026-03-04T09:16:02.113Z", **agent),
            self.says("offer.accepted", **agent),
            self.says("assignment.started", since="2026-03-04T09:15:30.000Z", **agent),
            self.says("assignment.ended", state="completed", outcome="resolved", reason="completed", **agent),
        ]


STATES = [
    "received",
    "classified",
    "waiting",
    "offered",
    "waiting",
    "waiting",
    "offered",
    "waiting",
    "assigned",
    "completed",
]


def state_after(events: list[CloudEvent]) -> tuple[str, WorkState | None, InquiryStatus]:
    statuses: dict[UUID, InquiryStatus] = {}
    works: dict[UUID, WorkState] = {}
    for event in events:
        status.fold(event, statuses, works)
    own = next(iter(statuses.values()))
    work = works.get(own.work_item_id) if own.work_item_id else None
    return (work.state if work else own.state), work, own


@pytest.mark.parametrize("length", range(1, len(STATES) + 1))
def test_the_state_follows_each_event(length: int) -> None:
    assert state_after(Router(str(uuid4())).story()[:length])[0] == STATES[length - 1]


def test_repeats_and_stragglers_change_nothing() -> None:
    story = Router(str(uuid4())).story()
    once = state_after(story)
    assert state_after([*story, *story]) == once
    assert state_after([*story, *reversed(story)]) == once


@pytest.mark.parametrize("broken", [{"inquiry_id": "x"}, {"inquiry_id": None}, {"classification": 0, "inquiry_id": 7}])
def test_an_event_that_does_not_fit_is_undecodable(broken: dict[str, Any]) -> None:
    with pytest.raises(Undecodable):
        status.fold(Router(str(uuid4())).says("inquiry.classified", **broken), {}, {})


def test_an_event_without_its_place_is_undecodable() -> None:
    event = Router(str(uuid4())).says("inquiry.received")
    placeless = CloudEvent(event.id, event.type, event.source, event.subject, event.key, event.time, event.data)
    with pytest.raises(Undecodable):
        status.fold(placeless, {}, {})


@pytest.mark.parametrize("type_", ["inquiryrouter.offer.made.v2", "com.example.order.placed"])
async def test_a_fact_in_another_version_and_a_strangers_record_are_kept_for_a_person(house: House, type_: str) -> None:
    router = Router(str(uuid4()))
    await house.log.publish(ROUTING, [replace(router.says("offer.made"), type=type_), router.says("inquiry.received")])
    kept = await eventually(lambda: house.quarantine.kept)
    ((record, reason),) = kept.values()
    assert record.headers["ce_type"] == type_
    assert reason.startswith("Undecodable")


async def test_a_kind_of_fact_from_a_later_version_is_passed_over(house: House) -> None:
    async with house.client() as client:
        answer = await client.post("/api/v1/inquiries", json={"text": "x"})
        router = Router(answer.json()["id"])
        await house.log.publish(ROUTING, [router.says("offer.admired"), *router.story()[:2]])
        where = answer.headers["location"]

        async def classified() -> bool:
            return (await client.get(where)).json()["state"] == "classified"

        await eventually(classified)
    assert house.quarantine.kept == {}


async def test_get_answers_what_the_router_said(house: House) -> None:
    async with house.client() as client, house.client("jana") as jana:
        answer = await client.post("/api/v1/inquiries", json={"text": "x"})
        inquiry_id, where = answer.json()["id"], answer.headers["location"]
        joined = (await client.post("/api/v1/inquiries", json={"text": "y"})).json()["id"]
        positions = count(1)
        story = Router(inquiry_id, positions).story()
        router = Router(joined, positions)

        async def seen(state: str, at: str = where) -> dict[str, Any]:
            async def probe() -> Any:
                got = (await client.get(at)).json()
                return got if got["state"] == state else None

            return dict(await eventually(probe, what=state))

        await house.log.publish(ROUTING, story[:3])
        waiting = await seen("waiting")
        assert waiting["classification"]["topic"]["value"] == "billing"
        assert waiting["routing"]["requires"] == [
            {"skill": "language.de", "level": 4},
            {"skill": "topic.billing", "level": 3},
        ]
        assert waiting["routing"]["waiting"]["reason"] == "no_eligible_agent_available"
        assert (waiting["conversation_id"], waiting["work_item_id"]) == (CONVERSATION, WORK)
        await house.log.publish(ROUTING, story[3:4])
        offered = await seen("offered")
        assert offered["offer"] == {
            "id": CONVERSATION,
            "agent_id": str(AGENT_ID),
            "expires_at": "2026-03-04T09:15:02.113Z",
        }
        assert offered["routing"]["waiting"] is None
        assert (await jana.get(where)).status_code == 200
        await house.log.publish(ROUTING, [*story[4:9], router.says("inquiry.received")])
        assigned = await seen("assigned")
        assert (assigned["offer"], assigned["assignment"]["agent_id"]) == (None, str(AGENT_ID))
        assert (await seen("assigned", f"/api/v1/inquiries/{joined}"))["work_item_id"] == WORK
        await house.log.publish(ROUTING, story[9:])
        completed = await seen("completed")
        assert (completed["outcome"], completed["assignment"]) == ("resolved", None)
        assert completed["version"] > assigned["version"] > offered["version"] > waiting["version"]
        assert (await jana.get(where)).status_code == 200
        assert await house.pool.fetchval("SELECT bool_and(routed) FROM ingest.receipt")


async def test_mail_that_opens_no_work_is_closed_with_its_reason(house: House) -> None:
    async with house.client() as client:
        answer = await client.post("/api/v1/inquiries", json={"text": "x"})
        closed = Router(answer.json()["id"]).says(
            "inquiry.closed", conversation_id=None, work_item_id=None, reason="auto_reply"
        )
        await house.log.publish(ROUTING, [closed])

        async def probe() -> bool:
            got = (await client.get(answer.headers["location"])).json()
            return bool((got["state"], got["reason"]) == ("closed", "auto_reply"))

        await eventually(probe)


async def test_news_of_agents_and_rules_is_passed_over(house: House) -> None:
    router = Router(str(uuid4()))
    await house.log.publish(ROUTING, [router.says("presence.changed"), router.says("ruleset.published")])
    async with house.client() as client:
        answer = await client.post("/api/v1/inquiries", json={"text": "x"})
        await house.log.publish(ROUTING, [Router(answer.json()["id"]).says("inquiry.received", work_item_id=None)])
        routed = "SELECT routed FROM ingest.receipt"
        await eventually(lambda: house.pool.fetchval(routed))
    assert house.quarantine.kept == {}
