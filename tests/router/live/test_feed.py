"""The view ``feed``: the facts as CloudEvents, each to those who may hear of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.router.commands.accept import Accept
from services.router.commands.presence import SetPresence
from services.router.facts import By
from shared.domain.work import Presence

BY = By("user:test", "key-1")


def kinds(screen: Any) -> list[str]:
    return [event["data"]["type"].removeprefix("inquiryrouter.").removesuffix(".v1") for event in screen.told("feed")]


async def test_operations_hear_the_life_of_an_inquiry_in_order(company: Any, live: Any, offer: Any, jana: UUID) -> None:
    async with live.events("otto", "feed") as screen:
        await screen.until(lambda: screen.told("beat"))
        inquiry = company.inquiry()
        waiting = (await company.receive(inquiry))["inquiry.waiting"]
        await company.commands.accept(Accept(await offer(waiting, jana), jana, BY))
        await company.commands.set_presence(SetPresence(jana, Presence.AWAY, 600, BY))
        await screen.until(lambda: "presence.changed" in kinds(screen))
    assert kinds(screen) == [
        "inquiry.received", "inquiry.classified", "inquiry.waiting", "offer.made", "offer.accepted",
        "assignment.started", "presence.changed",
    ]  # fmt: skip
    assert {event["data"]["subject"] for event in screen.told("feed")[:-1]} == {str(inquiry.id)}
    positions = [int(event["id"]) for event in screen.told("feed")]
    assert positions == sorted(set(positions))


async def test_an_event_is_a_cloud_event_and_the_same_when_told_again(company: Any, live: Any) -> None:
    start = (await live.state("otto", "feed"))["position"]
    await company.receive(company.inquiry())
    heard = []
    for _ in range(2):
        async with live.events("otto", "feed", after=start) as screen:
            await screen.until(lambda screen=screen: "inquiry.waiting" in kinds(screen))
        heard.append(screen.told("feed"))
    assert heard[0] == heard[1]
    first = heard[0][0]["data"]
    assert first.keys() == {
        "specversion", "id", "type", "source", "subject", "time", "datacontenttype", "sequence", "data",
    }  # fmt: skip
    assert (first["specversion"], first["type"]) == ("1.0", "inquiryrouter.inquiry.received.v1")
    assert first["time"].endswith("Z")
    sequences = [event["data"]["sequence"] for event in heard[0]]
    assert sequences == sorted(set(sequences))


async def test_an_integrator_hears_of_its_own_inquiries_only(company: Any, live: Any, offer: Any, jana: UUID) -> None:
    start = (await live.state("shop", "feed"))["position"]
    own = company.inquiry(caller="key:1")
    foreign = company.inquiry(caller="key:2")
    for inquiry in (foreign, own):
        waiting = (await company.receive(inquiry))["inquiry.waiting"]
        await offer(waiting, jana) if inquiry is foreign else None
    await company.commands.set_presence(SetPresence(jana, Presence.AWAY, 600, BY))
    async with live.events("shop", "feed", after=start) as screen:
        await screen.until(lambda: "inquiry.waiting" in kinds(screen) and screen.told("beat"))
    assert {event["data"]["subject"] for event in screen.told("feed")} == {str(own.id)}
    assert kinds(screen) == ["inquiry.received", "inquiry.classified", "inquiry.waiting"]
    async with live.events("other", "feed", after=start) as screen:
        await screen.until(lambda: "offer.withdrawn" in kinds(screen))
    assert {event["data"]["subject"] for event in screen.told("feed")} == {str(foreign.id)}


async def test_an_auditor_hears_all_but_no_words_of_the_customer(company: Any, live: Any) -> None:
    start = (await live.state("aud", "feed"))["position"]
    await company.receive(company.inquiry())
    async with live.events("aud", "feed", after=start) as screen:
        await screen.until(lambda: "inquiry.waiting" in kinds(screen))
    [said] = [e["data"]["data"] for e in screen.told("feed") if "classified" in e["data"]["type"]]
    assert said["classification"]["passage"] is None
    assert said["classification"]["topic"]["value"] == "billing"


async def test_beside_other_views_a_cut_between_two_events_loses_neither(company: Any, live: Any) -> None:
    start = (await live.state("otto", "feed,board.queues"))["position"]
    await company.receive(company.inquiry())
    async with live.events("otto", "feed,board.queues", after=start) as screen:
        await screen.until(lambda: screen.told("change") and "inquiry.waiting" in kinds(screen))
        heard = [event for event in screen.events if event["event"] != "beat"]
    for cut, event in enumerate(heard):
        rest = {(e["event"], e["data"].get("id")) for e in heard[cut + 1 :]}
        async with live.events("otto", "feed,board.queues", last_id=event["id"]) as again:
            await again.until(
                lambda again=again, rest=rest: rest <= {(e["event"], e["data"].get("id")) for e in again.events}
            )
