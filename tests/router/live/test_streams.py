"""Streams begin, beat and end as the contract says: resync, goodbye, rights, presence."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.access.store import AccessStore


async def test_a_stream_begins_with_a_retry_and_beats_with_positions(live: Any) -> None:
    async with live.events("jana", "me,desk") as screen:
        await screen.until(lambda: len(screen.told("beat")) >= 2)
        assert 1000 <= screen.retry <= 5000
        beat = screen.told("beat")[-1]
        assert int(beat["id"]) == live.feed.position
        assert beat["data"]["now"].startswith("2026-03-04T09:00")


async def test_the_header_wins_over_after(company: Any, live: Any) -> None:
    head = (await live.state("jana", "me"))["position"]
    async with live.events("jana", "me", after=10**9, last_id=str(head)) as screen:
        await screen.until(lambda: screen.told("beat"))
    assert not screen.told("resync")


async def test_a_position_that_was_never_given_out_is_resynced(live: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.router.live.feed._PATIENCE_SECONDS", 0.1)
    async with live.events("jana", "me", after=10**9) as screen:
        await screen.until_ended()
    assert [event["event"] for event in screen.events] == ["resync"]


async def test_a_position_that_is_not_kept_any_more_is_resynced(company: Any, people: Any, make_live: Any) -> None:
    people.seat("jana", await company.agent("jana"))
    for _ in range(3):
        await company.receive(company.inquiry())
    live = await make_live(most_kept=2)
    async with live.events("jana", "me", after=1) as screen:
        await screen.until_ended()
    assert [event["event"] for event in screen.events] == ["resync"]
    async with live.events("jana", "me", after=live.feed.position - 2) as screen:
        await screen.until(lambda: screen.told("beat"))


async def test_what_was_kept_before_a_restart_is_kept_after_it(company: Any, live: Any, make_live: Any) -> None:
    before = (await live.state("sara", "board.queues"))["position"]
    await company.receive(company.inquiry())
    restarted = await make_live()
    async with restarted.events("sara", "board.queues", after=before) as screen:
        await screen.until(lambda: ("queue", "billing") in screen.rows)
        assert screen.rows["queue", "billing"]["waiting"] == 1


async def test_a_client_that_is_too_far_behind_is_resynced(
    company: Any, live: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.router.live.follower.MOST_WAITING", 2)
    await company.receive(company.inquiry())
    async with live.events("otto", "feed", after=0) as screen:
        await screen.until_ended()
    assert screen.events[-1]["event"] == "resync"


async def test_more_than_a_megabyte_at_once_is_a_resync(
    company: Any, live: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.router.live.telling.LARGEST", 200)
    await company.receive(company.inquiry())
    async with live.events("otto", "feed", after=0) as screen:
        await screen.until_ended()
    assert screen.events[-1]["event"] == "resync"


async def test_a_stop_says_goodbye_on_every_stream_and_ends_the_server_at_once(live: Any) -> None:
    async with live.events("jana", "me") as desk, live.events("sara", "board.queues") as board:
        await desk.until(lambda: desk.told("beat"))
        await board.until(lambda: board.told("beat"))
        began = asyncio.get_running_loop().time()
        live.feed.stop()
        await desk.until_ended()
        await board.until_ended()
        assert asyncio.get_running_loop().time() - began < 1.0
        await live.server.stop()
        assert asyncio.get_running_loop().time() - began < 3.0
    assert [desk.events[-1]["event"], board.events[-1]["event"]] == ["bye", "bye"]


async def test_a_sign_out_ends_the_stream(live: Any, people: Any) -> None:
    async with live.events("jana", "me,desk") as screen:
        await screen.until(lambda: screen.told("beat"))
        del people.known["jana"]
        await screen.until_ended()
    assert screen.events[-1]["event"] == "bye"


async def test_a_lowered_role_ends_the_stream(live: Any, people: Any) -> None:
    async with live.events("sara", "board.agents") as screen:
        await screen.until(lambda: screen.told("beat"))
        people.known["sara"] = people.known["jana"]
        await screen.until_ended()
    assert screen.events[-1]["event"] == "bye"


async def test_a_session_ended_in_another_process_is_dead_within_five_seconds(
    company: Any, make_live: Any, pool: Any
) -> None:
    access = AccessStore(pool)
    await access.users.ensure("jana", name="Jana", roles=["agent"], language="de", password="a long password")
    session = await access.login("jana", "a long password", address="127.0.0.1")
    live = await make_live(people=access)
    async with live.events(session.token, "me") as screen:
        await screen.until(lambda: screen.told("beat"))
        began = asyncio.get_running_loop().time()
        await AccessStore(pool).logout(session.token)
        await screen.until_ended()
        assert asyncio.get_running_loop().time() - began < 5.0
    assert screen.events[-1]["event"] == "bye"


async def test_an_agent_is_seen_while_a_stream_is_open(company: Any, live: Any, jana: UUID) -> None:
    seen = "SELECT stream_seen_at FROM router.agent WHERE id = $1"
    async with live.events("jana", "me") as screen:
        await screen.until(lambda: screen.told("beat"))
        async with asyncio.timeout(5):
            while await company.pool.fetchval(seen, jana) is None:  # noqa: ASYNC110  # as said
                await asyncio.sleep(0.01)  # the database tells nobody
    assert await company.pool.fetchval(seen, jana) == company.clock.now()


async def test_a_supervisors_screen_seats_nobody(company: Any, live: Any) -> None:
    async with live.events("sara", "me,board.agents") as screen:
        await screen.until(lambda: len(screen.told("beat")) >= 2)
    assert await company.pool.fetchval("SELECT count(*) FROM router.agent WHERE stream_seen_at IS NOT NULL") == 0


@pytest.mark.parametrize(
    ("who", "views", "status"),
    [
        (None, "me", 401),
        ("nobody", "me", 401),
        ("jana", "", 422),
        ("jana", "me,weather", 422),
        ("jana", "item:abc", 422),
        ("jana", "board.queues", 403),
        ("jana", "me,board.agents", 403),
        ("jana", "feed", 403),
        ("sara", "desk", 403),
        ("sara", "feed", 403),
        ("otto", "desk", 403),
        ("aud", "board.queues", 403),
        ("aud", f"item:{uuid4()}", 403),
        ("shop", "board.agents", 403),
        ("shop", f"item:{uuid4()}", 403),
        ("jana", f"item:{uuid4()}", 404),
        ("sara", f"item:{uuid4()}", 404),
    ],
)
async def test_a_view_without_the_right_is_refused(live: Any, who: Any, views: str, status: int) -> None:
    for path in ("/state", "/events"):
        response = await live.get(who, path, params={"views": views})
        assert response.status_code == status
        assert response.headers["content-type"] == "application/problem+json"


async def test_without_views_nothing_is_shown(live: Any) -> None:
    assert (await live.get("jana", "/state")).status_code == 422


async def test_a_last_event_id_that_is_no_position_is_refused(live: Any) -> None:
    response = await live.client.get(
        "/events", params={"views": "me"}, headers={"Authorization": "Bearer jana", "Last-Event-ID": "now"}
    )
    assert response.status_code == 422


async def test_an_agent_sees_an_item_on_offer_and_others_do_not(
    live: Any, offer: Any, jana: UUID, waiting: dict[str, Any]
) -> None:
    view = f"item:{waiting['conversation_id']}"
    await offer(waiting, jana)
    shown = (await live.state("jana", view))["views"][view]
    assert sorted(row["type"] for row in shown) == ["conversation", "message"]
    assert (await live.get("emma", "/state", params={"views": view})).status_code == 404
    assert len((await live.state("sara", view))["views"][view]) == 2


async def test_everyone_signed_in_has_a_me_and_only_agents_a_presence(live: Any, jana: UUID) -> None:
    [mine] = (await live.state("jana", "me"))["views"]["me"]
    assert mine["id"] == str(jana)
    assert mine.keys() == {"type", "id", "version", "state", "source", "until", "load", "capacity"}
    for who in ("sara", "aud", "shop"):
        assert (await live.state(who, "me"))["views"] == {"me": []}
