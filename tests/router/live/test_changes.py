"""State plus events is the later state: for desks, single items and boards, and over a cut line."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from services.router.commands.accept import Accept
from services.router.commands.assign import Assign
from services.router.commands.complete import Complete
from services.router.commands.decline import Decline
from services.router.commands.presence import SetPresence
from services.router.commands.reply import Reply
from services.router.facts import By
from services.router.rulesets import parse
from shared.domain.inquiry import Channel, Sender
from shared.domain.work import Presence
from shared.events import CloudEvent, event_type

BY = By("user:test", "key-1")
DESK = "me,desk"
BOARDS = "board.queues,board.agents"


def ids(screen: Any, kind: str) -> set[str]:
    return {row_id for row_type, row_id in screen.rows if row_type == kind}


def conversation(waiting: dict[str, Any]) -> UUID:
    return UUID(waiting["conversation_id"])


async def test_a_desk_follows_an_offer_from_made_to_completed(
    company: Any, live: Any, offer: Any, jana: UUID, waiting: dict[str, Any]
) -> None:
    async with live.screen("jana", DESK) as screen:
        made = await offer(waiting, jana)
        await screen.until(lambda: ids(screen, "offer") == {str(made)})
        await live.agrees(screen, "jana", DESK)
        assert screen.rows["presence", str(jana)]["load"] == 15

        await company.commands.accept(Accept(made, jana, BY))
        await screen.until(lambda: ids(screen, "conversation") == {waiting["conversation_id"]})
        await live.agrees(screen, "jana", DESK)
        assert ids(screen, "offer") == set()
        assert screen.rows["conversation", waiting["conversation_id"]]["assignment"]["agent_id"] == str(jana)

        await company.commands.complete(Complete(conversation(waiting), jana, "Jana", "resolved", None, BY))
        await screen.until(lambda: not ids(screen, "conversation"))
        await live.agrees(screen, "jana", DESK)
        assert screen.rows["presence", str(jana)]["load"] == 0


async def test_a_declined_offer_leaves_the_desk_and_the_change_names_its_cause(
    company: Any, live: Any, offer: Any, jana: UUID, waiting: dict[str, Any]
) -> None:
    made = await offer(waiting, jana)
    async with live.screen("jana", DESK) as screen:
        assert ids(screen, "offer") == {str(made)}
        await company.commands.decline(Decline(made, jana, "other", None, None, BY))
        await screen.until(lambda: not ids(screen, "offer"))
        await live.agrees(screen, "jana", DESK)
        assert {event["data"]["cause"] for event in screen.told("change")} == {"key-1"}


async def test_a_change_tells_a_new_object_whole(live: Any, offer: Any, jana: UUID, waiting: dict[str, Any]) -> None:
    async with live.screen("jana", "desk") as screen:
        made = await offer(waiting, jana)
        await screen.until(lambda: screen.told("change"))
        event = screen.told("change")[0]
        assert event["data"]["at"].endswith("Z")
        assert event["data"]["cause"] is None
        [change] = event["data"]["changes"]
        assert (change["type"], change["id"]) == ("offer", str(made))
        shown = (await live.state("jana", "desk"))["views"]["desk"][0]
        assert {"type": "offer", "id": str(made), "version": change["version"], **change["set"]} == shown


async def test_another_agents_desk_hears_nothing_of_it(
    company: Any, live: Any, offer: Any, jana: UUID, emma: UUID, waiting: dict[str, Any]
) -> None:
    async with live.screen("emma", DESK) as screen:
        await company.commands.accept(Accept(await offer(waiting, jana), jana, BY))
        await company.commands.set_presence(SetPresence(emma, Presence.AWAY, 600, BY))
        await screen.until(lambda: screen.rows["presence", str(emma)]["state"] == "away")
        assert [c["id"] for event in screen.told("change") for c in event["data"]["changes"]] == [str(emma)]


async def test_what_a_supervisor_takes_away_leaves_one_desk_and_comes_to_the_other(
    company: Any, live: Any, offer: Any, jana: UUID, emma: UUID, waiting: dict[str, Any]
) -> None:
    await company.commands.accept(Accept(await offer(waiting, jana), jana, BY))
    async with live.screen("jana", DESK) as before, live.screen("emma", DESK) as after:
        await company.commands.assign(Assign(conversation(waiting), emma, BY))
        await before.until(lambda: not ids(before, "conversation"))
        await after.until(lambda: ids(after, "conversation") == {waiting["conversation_id"]})
        await live.agrees(before, "jana", DESK)
        await live.agrees(after, "emma", DESK)


async def test_a_held_conversation_is_told_when_the_customer_writes_again(
    company: Any, live: Any, offer: Any, jana: UUID
) -> None:
    first = company.inquiry()
    waiting = (await company.receive(first))["inquiry.waiting"]
    async with live.screen("jana", DESK) as screen:
        await company.commands.accept(Accept(await offer(waiting, jana), jana, BY))
        await screen.until(lambda: ids(screen, "conversation"))
        version = screen.rows["conversation", waiting["conversation_id"]]["version"]
        await company.receive(company.inquiry(references=(first.own_reference,), sender=first.sender))
        await screen.until(lambda: screen.rows["conversation", waiting["conversation_id"]]["version"] > version)
        await live.agrees(screen, "jana", DESK)


async def test_an_item_grows_with_its_messages(company: Any, live: Any, offer: Any, jana: UUID) -> None:
    chat = company.inquiry(channel=Channel.CHAT, sender=Sender(name="A Customer"))
    waiting = (await company.receive(chat))["inquiry.waiting"]
    await company.commands.accept(Accept(await offer(waiting, jana), jana, BY))
    views = f"item:{waiting['conversation_id']}"
    async with live.screen("jana", views) as screen, live.screen("sara", views) as watching:
        await company.commands.reply(Reply(uuid4(), conversation(waiting), jana, "Jana", "Good day", BY))
        for one, who in ((screen, "jana"), (watching, "sara")):
            await one.until(lambda one=one: len(ids(one, "message")) == 2)
            await live.agrees(one, who, views)
        assert {row["text"] for (kind, _), row in screen.rows.items() if kind == "message"} == {"Good day", chat.text}


async def test_an_item_goes_out_of_sight_with_the_offer(
    company: Any, live: Any, offer: Any, jana: UUID, waiting: dict[str, Any]
) -> None:
    made = await offer(waiting, jana)
    async with live.screen("jana", f"item:{waiting['conversation_id']}") as screen:
        assert len(screen.rows) == 2
        await company.commands.decline(Decline(made, jana, "other", None, None, BY))
        await screen.until(lambda: not screen.rows)


async def test_boards_follow_what_waits_and_who_is_free(
    company: Any, live: Any, offer: Any, jana: UUID, emma: UUID
) -> None:
    async with live.screen("sara", BOARDS) as screen:
        assert set(ids(screen, "queue")) == {"billing", "returns", "general", "triage"}
        assert screen.rows["queue", "billing"]["free_agents"] == 2
        first = (await company.receive(company.inquiry()))["inquiry.waiting"]
        await company.receive(company.inquiry())
        await screen.until(lambda: screen.rows["queue", "billing"]["waiting"] == 2)
        assert screen.rows["queue", "billing"]["oldest_at"] == "2026-03-04T09:00:00.000Z"
        await live.agrees(screen, "sara", BOARDS)

        await company.commands.accept(Accept(await offer(first, jana), jana, BY))
        await company.commands.set_presence(SetPresence(emma, Presence.BUSY, 600, BY))
        await screen.until(lambda: screen.rows["queue", "billing"]["free_agents"] == 1)
        await screen.until(lambda: screen.rows["queue", "billing"]["waiting"] == 1)
        await live.agrees(screen, "sara", BOARDS)
        assert screen.rows["agent", str(jana)]["load"] == 15
        assert screen.rows["agent", str(emma)]["presence"] == "busy"


async def test_a_published_rule_set_brings_and_removes_queues(company: Any, live: Any) -> None:
    text = "format: 1\nqueues: {general: {}, vip: {}}\nrules: [{id: all, then: {queue: vip}}]"
    async with live.screen("otto", "board.queues") as screen:
        await company.rulesets.publish(await company.rulesets.create(parse(text)[0], text, "test"))
        await screen.until(lambda: ids(screen, "queue") == {"general", "vip", "triage"})
        await live.agrees(screen, "otto", "board.queues")


async def test_positions_rise_and_none_is_told_twice(
    company: Any, live: Any, offer: Any, jana: UUID, waiting: dict[str, Any]
) -> None:
    async with live.screen("jana", DESK) as screen, live.screen("sara", BOARDS) as board:
        await company.commands.accept(Accept(await offer(waiting, jana), jana, BY))
        await company.commands.complete(Complete(conversation(waiting), jana, "Jana", "resolved", None, BY))
        for one, who, views in ((screen, "jana", DESK), (board, "sara", BOARDS)):
            await live.agrees(one, who, views)
            positions = [int(event["id"]) for event in one.told("change")]
            assert positions == sorted(set(positions))


async def test_a_client_that_comes_back_misses_nothing(
    company: Any, live: Any, offer: Any, jana: UUID, emma: UUID
) -> None:
    received = [company.inquiry(), *(company.inquiry(channel=Channel.CHAT) for _ in range(2))]
    items = [(await company.receive(one))["inquiry.waiting"] for one in received]
    await company.commands.accept(Accept(await offer(items[0], jana), jana, BY))
    offered = await offer(items[1], jana)
    for who, views in (("jana", DESK), ("sara", BOARDS)):
        async with live.screen(who, views) as screen:
            await screen.until(lambda screen=screen: screen.told("beat"))
        if who == "jana":
            await company.commands.complete(Complete(conversation(items[0]), jana, "Jana", "resolved", None, BY))
            await company.commands.decline(Decline(offered, jana, "other", None, None, BY))
            await offer(items[2], jana)
        else:
            await company.commands.assign(Assign(conversation(items[1]), emma, BY))
        async with live.events(who, views, after=0, last_id=screen.last_id, rows=screen.rows) as again:
            await live.agrees(again, who, views)
            assert not again.told("resync")


async def test_a_cut_at_any_event_leaves_no_gap(
    company: Any, live: Any, offer: Any, jana: UUID, waiting: dict[str, Any]
) -> None:
    """Whatever was the last that a client heard, the rest brings it to the same rows."""
    start = await live.state("jana", DESK)
    rows = {(row["type"], row["id"]): row for view in start["views"].values() for row in view}
    async with live.screen("jana", DESK) as screen:
        await company.commands.accept(Accept(await offer(waiting, jana), jana, BY))
        await company.commands.complete(Complete(conversation(waiting), jana, "Jana", "resolved", None, BY))
        await live.agrees(screen, "jana", DESK)
        heard = screen.told("change")
    for event in heard:
        for change in event["data"]["changes"]:
            screen.fold(rows, change)
        async with live.events("jana", DESK, last_id=event["id"], rows=dict(rows)) as again:
            await live.agrees(again, "jana", DESK)


async def test_a_desk_shows_that_the_customer_has_left_the_chat(
    company: Any, live: Any, offer: Any, jana: UUID
) -> None:
    inquiry = company.inquiry(channel=Channel.CHAT, key="chat:one", references=("chat:one",))
    waiting = (await company.receive(inquiry))["inquiry.waiting"]
    await company.commands.accept(Accept(await offer(waiting, jana), jana, BY))
    at = company.clock.now()
    data = {"session": "chat:one", "at": at.isoformat()}
    left = CloudEvent("left-1", event_type("chat.ended"), "/ingest", "one", "chat:one", at, data)
    for views in (DESK, f"item:{waiting['conversation_id']}"):
        async with live.screen("jana", views) as screen:
            row = screen.rows["conversation", waiting["conversation_id"]]
            if row["customer_left_at"] is None:
                await company.take(left)
            await screen.until(
                lambda screen=screen: screen.rows["conversation", waiting["conversation_id"]]["customer_left_at"]
            )
            await live.agrees(screen, "jana", views)
