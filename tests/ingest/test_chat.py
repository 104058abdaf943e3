"""The chat protocol over a real server and a real client: acks after commits, replies, resume, and refusals."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from shared.events import REPLIES, CloudEvent, ReplyRequested, event_type
from tests.ingest.conftest import House, eventually
from tests.ingest.wire import Wire


@pytest.fixture
async def url(house: House) -> AsyncIterator[str]:
    """The chat of a real server."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(house.app, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve([listening]))
    await eventually(lambda: server.started)
    yield f"ws://127.0.0.1:{listening.getsockname()[1]}/api/v1/chat"
    server.should_exit = True
    await serving
    listening.close()


async def say(client: ClientConnection, **frame: Any) -> None:
    await client.send(json.dumps(frame))


async def hear(client: ClientConnection, within: float = 5) -> dict[str, Any]:
    frame: dict[str, Any] = json.loads(await asyncio.wait_for(client.recv(), within))
    return frame


@asynccontextmanager
async def started(url: str, **start: Any) -> AsyncIterator[tuple[ClientConnection, str]]:
    async with connect(f"{url}?site=demo") as client:
        await say(client, type="start", **{"name": None, "language": None} | start)
        frame = await hear(client)
        assert (frame["type"], frame["seq"]) == ("started", 0)
        yield client, frame["token"]


async def reply(house: House, inquiry_id: str, text: str, *, ended: bool = False, event_id: str | None = None) -> None:
    """The router asks for an agent's words to be sent."""
    session = (await house.inquiry(inquiry_id))["key"]
    request = ReplyRequested(
        id=event_id or str(uuid4()), conversation_id="c", session=session, agent_name="Astrid", text=text, ended=ended
    )
    event = CloudEvent(
        id=request.id,
        type=event_type("reply.requested"),
        source="/router",
        subject="c",
        key=session,
        time=datetime.now(UTC),
        data=request.model_dump(mode="json"),
    )
    await house.log.publish(REPLIES, [event])


async def test_a_message_is_acknowledged_after_its_commit_and_becomes_an_inquiry(house: House, url: str) -> None:
    async with started(url, name="Anna", language="sv") as (client, _):
        await say(client, type="send", client_id="c1", text="Var är mitt paket?")
        ack = await hear(client)
        assert (ack["type"], ack["client_id"], ack["seq"]) == ("ack", "c1", 1)
        assert await house.pool.fetchval("SELECT count(*) FROM ingest.receipt WHERE id = $1", ack["inquiry_id"]) == 1
        inquiry = await house.inquiry(ack["inquiry_id"])
    assert (inquiry["text"], inquiry["channel"], inquiry["language_hint"]) == ("Var är mitt paket?", "chat", "sv")
    assert inquiry["key"].startswith("chat:")
    assert inquiry["references"] == [inquiry["key"]]
    assert (inquiry["sender"]["name"], inquiry["context"]) == ("Anna", None)


async def test_the_same_client_id_gets_the_same_ack(house: House, url: str) -> None:
    async with started(url) as (client, token):
        await say(client, type="send", client_id="c1", text="one")
        first = await hear(client)
        await say(client, type="send", client_id="c1", text="one")
        assert await hear(client) == first
    async with connect(f"{url}?site=demo") as client:
        await say(client, type="resume", token=token, last_seq=0)
        assert (await hear(client))["type"] == "resumed"
        await say(client, type="send", client_id="c1", text="one")
        assert await hear(client) == first
    assert await house.pool.fetchval("SELECT count(*) FROM ingest.receipt") == 1


async def test_each_message_carries_what_came_before_until_an_agent_has_accepted(house: House, url: str) -> None:
    async with started(url) as (client, _):
        acks = []
        for number, text in enumerate(("hello", "my card", "was charged twice")):
            await say(client, type="send", client_id=str(number), text=text)
            acks.append(await hear(client))
        contexts = [(await house.inquiry(ack["inquiry_id"]))["context"] for ack in acks]
        assert contexts == [None, "hello", "hello\nmy card"]
        await house.pool.execute("UPDATE ingest.chat_session SET accepted = true")
        await say(client, type="send", client_id="last", text="thanks")
        assert (await house.inquiry((await hear(client))["inquiry_id"]))["context"] is None


async def test_an_agents_words_arrive_with_the_next_seq_and_a_repeat_does_not(house: House, url: str) -> None:
    async with started(url) as (client, _):
        await say(client, type="send", client_id="c1", text="Hej")
        inquiry_id = (await hear(client))["inquiry_id"]
        for _ in range(2):
            await reply(house, inquiry_id, "Hej, det är Astrid.", event_id="reply-1")
        message = await hear(client)
        assert (message["type"], message["seq"], message["from"]) == ("message", 2, "agent")
        assert (message["name"], message["text"]) == ("Astrid", "Hej, det är Astrid.")
        assert message["at"].endswith("Z")
        await reply(house, inquiry_id, "", ended=True)
        ended = await hear(client)
        assert (ended["type"], ended["reason"]) == ("ended", "completed")
        await say(client, type="send", client_id="c2", text="one thing more")
        assert (await hear(client))["seq"] == 4


async def test_resume_brings_what_was_missed_and_nothing_twice(house: House, url: str) -> None:
    async with started(url) as (client, token):
        await say(client, type="send", client_id="c1", text="Hej")
        inquiry_id = (await hear(client))["inquiry_id"]
        await reply(house, inquiry_id, "first")
        assert (await hear(client))["seq"] == 2
    await reply(house, inquiry_id, "second")
    await reply(house, inquiry_id, "third")
    lines = "SELECT count(*) FROM ingest.chat_line"
    await eventually(lambda: _is(house, lines, 4))
    async with connect(f"{url}?site=demo") as client:
        await say(client, type="resume", token=token, last_seq=2)
        resumed = await hear(client)
        assert (resumed["type"], resumed["seq"]) == ("resumed", 4)
        assert [(frame["seq"], frame["text"]) for frame in (await hear(client), await hear(client))] == [
            (3, "second"),
            (4, "third"),
        ]


async def _is(house: House, query: str, value: int) -> bool:
    return bool(await house.pool.fetchval(query) == value)


async def test_a_customer_can_end_the_chat(url: str) -> None:
    async with started(url) as (client, _):
        await say(client, type="typing")
        await say(client, type="end")
        ended = await hear(client)
        assert (ended["type"], ended["reason"]) == ("ended", "customer")


async def test_frames_that_are_none_are_told_and_harm_nobody(url: str) -> None:
    async with started(url) as (client, _):
        for text in ("", "{", "[]", "1", '{"type":"dance"}', '{"type":"send"}', "[" * 5_000):
            await client.send(text)
            assert await hear(client) == {"type": "error", "code": "invalid", "client_id": None}
        await say(client, type="send", client_id="c1", text="   ")
        assert await hear(client) == {"type": "error", "code": "invalid", "client_id": "c1"}
        await say(client, type="start")
        assert (await hear(client))["code"] == "already-started"
        await say(client, type="send", client_id="c1", text="a\0b\ud800")
        assert (await hear(client))["type"] == "ack"
    async with connect(f"{url}?site=demo") as client:
        await say(client, type="send", client_id="c1", text="x")
        assert await hear(client) == {"type": "error", "code": "not-started", "client_id": "c1"}


async def test_more_than_five_at_once_are_slowed(house: House, url: str) -> None:
    async with started(url) as (client, _):
        for number in range(7):
            await say(client, type="send", client_id=str(number), text="x")
        kinds = [(await hear(client)) for _ in range(7)]
    assert [frame["type"] for frame in kinds] == ["ack"] * 5 + ["error"] * 2
    assert kinds[-1] == {"type": "error", "code": "rate-limited", "client_id": "6"}
    assert await house.pool.fetchval("SELECT count(*) FROM ingest.receipt") == 5


async def close_code(client: ClientConnection) -> int:
    with pytest.raises(ConnectionClosed) as closed:
        await asyncio.wait_for(client.recv(), 5)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


@pytest.mark.parametrize(
    ("site", "origin", "welcome"),
    [
        ("demo", None, True),
        ("demo", "https://evil.example", False),
        ("shop", "https://shop.example", True),
        ("shop", "https://evil.example", False),
        ("shop", "https://shop.example.evil.example", False),
        ("shop", "null", False),
        ("shop", None, False),
        ("nowhere", None, False),
        ("", None, False),
    ],
)
async def test_only_listed_origins_are_let_in(url: str, site: str, origin: Any, welcome: bool) -> None:
    async with connect(f"{url}?site={site}", origin=origin) as client:
        if welcome:
            await say(client, type="start")
            assert (await hear(client))["type"] == "started"
        else:
            assert await close_code(client) == 1008


async def test_our_own_page_may_use_the_demo_site(url: str) -> None:
    own: Any = url.replace("ws://", "http://").removesuffix("/api/v1/chat")
    async with connect(f"{url}?site=demo", origin=own) as client:
        await say(client, type="start")
        assert (await hear(client))["type"] == "started"


async def test_a_token_that_is_not_ours_or_of_another_site_closes(url: str) -> None:
    async with started(url) as (_, token):
        pass
    head, _, tail = token.partition(".")
    shop: Any = "https://shop.example"
    for site, origin, bad in (
        ("demo", None, "nonsense"),
        ("demo", None, f"{head}.{tail[:-4]}AAAA"),
        ("demo", None, ""),
        ("shop", shop, token),
    ):
        async with connect(f"{url}?site={site}", origin=origin) as client:
            await say(client, type="resume", token=bad, last_seq=0)
            assert await close_code(client) == 1008


async def test_a_frame_over_sixteen_kilobytes_closes(url: str) -> None:
    async with started(url) as (client, _):
        await say(client, type="send", client_id="c1", text="x" * 16_400)
        assert await close_code(client) == 1009


async def test_while_the_database_is_away_the_client_is_told_and_may_repeat(house: House, url: str, wire: Wire) -> None:
    async with started(url) as (client, _):
        await house.pool.execute("SELECT 1")
        await wire.cut()
        await say(client, type="send", client_id="c1", text="x")
        assert await hear(client) == {"type": "error", "code": "unavailable", "client_id": "c1"}
        await wire.mend()
        await say(client, type="send", client_id="c1", text="x")
        assert (await hear(client))["type"] == "ack"


async def test_a_restart_tells_clients_to_come_back(house: House, url: str) -> None:
    async with started(url) as (client, token):
        loop = next(loop for loop in house.ingest.loops if loop.name == "ingest.chat")
        ending = asyncio.create_task(loop.run())
        await asyncio.sleep(0)
        ending.cancel()
        assert await close_code(client) == 1012
    async with connect(f"{url}?site=demo") as client:
        await say(client, type="resume", token=token, last_seq=0)
        assert (await hear(client))["type"] == "resumed"


async def test_the_widget_and_its_demo_page_are_served_clean(house: House) -> None:
    async with house.client() as client:
        page = await client.get("/chat-demo")
        script = await client.get("/chat/widget.js")
        style = await client.get("/chat/demo.css")
    assert {page.status_code, script.status_code, style.status_code} == {200}
    assert page.headers["content-type"].startswith("text/html")
    assert script.headers["content-type"].startswith("text/javascript")
    assert "unsafe-inline" not in page.headers["content-security-policy"]
    for forbidden in ("innerHTML", "eval(", "document.write"):
        assert forbidden not in script.text
    assert " style=" not in page.text
    assert "<script>" not in page.text
