"""A customer who ends a chat: the router hears of it once, and only behind everything that they wrote."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from services.ingest.chat.leaving import Leaving
from services.ingest.store import chat
from services.ingest.store.chat import Line, Session
from shared.database.wakeups import Wakeups
from shared.eventlog.memory import MemoryBroker, MemoryLog
from shared.events import CLASSIFIED, ChatEnded, body, decode


class Chat:
    """One session in the tables, and the loop that tells, moved on by hand."""

    def __init__(self, url: str, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self.pool = pool
        self.broker = MemoryBroker()
        self.leaving = Leaving(database_url=url, log=MemoryLog(self.broker), wakeups=Wakeups(url))
        self.id = uuid4()

    async def start(self) -> None:
        await chat.start(self.pool, Session(self.id, "demo", None, None, 0))

    async def say(self, *, routed: bool) -> str:
        inquiry = str(uuid4())
        await self.pool.execute(
            "INSERT INTO ingest.receipt (id, raw_id, caller, door, channel, body_hash, routed)"
            " VALUES ($1, $1, 'chat:demo', 'chat', 'chat', '', $2)",
            inquiry,
            routed,
        )
        await self._place(inquiry, "customer", "Hello")
        return inquiry

    async def end(self, why: str = chat.LEFT) -> None:
        await self._place(f"end:{uuid4()}", "ended", why)

    async def route(self) -> None:
        await self.pool.execute("UPDATE ingest.receipt SET routed = true")

    def told(self) -> list[dict[str, Any]]:
        parts = [self.broker.part(CLASSIFIED, number) for number in range(8)]
        events = [decode(record.key, record.headers, record.value) for part in parts for record in part]
        return [{"id": event.id, "key": event.key, "ended": body(event, ChatEnded, "chat.ended")} for event in events]

    async def _place(self, event_id: str, kind: str, text: str) -> None:
        await chat.place(self.pool, [Line(self.id, event_id, kind, None, text)])


@pytest.fixture
async def session(database_url: str, pool: asyncpg.Pool[asyncpg.Record]) -> Chat:
    session = Chat(database_url, pool)
    await session.start()
    return session


async def test_who_leaves_is_told_once_under_the_key_of_the_chat(session: Chat) -> None:
    await session.say(routed=True)
    await session.end()
    assert await session.leaving.tell() == 1
    assert await session.leaving.tell() == 0
    (told,) = session.told()
    assert told["key"] == told["ended"].session == f"chat:{session.id}"


async def test_what_they_wrote_before_goes_first(session: Chat) -> None:
    await session.say(routed=False)
    await session.end()
    assert await session.leaving.tell() == 0
    await session.route()
    assert await session.leaving.tell() == 1


async def test_who_comes_back_and_writes_has_not_left(session: Chat) -> None:
    await session.end()
    await session.say(routed=True)
    assert await session.leaving.tell() == 0
    await session.end()
    assert await session.leaving.tell() == 1


async def test_a_chat_that_an_agent_has_completed_was_not_left(session: Chat) -> None:
    await session.say(routed=True)
    await session.end("completed")
    assert await session.leaving.tell() == 0


async def test_a_repeat_after_a_crash_has_the_same_id(session: Chat, pool: asyncpg.Pool[asyncpg.Record]) -> None:
    await session.end()
    left_at = await pool.fetchval("SELECT left_at FROM ingest.chat_session")
    await session.leaving.tell()
    await pool.execute("UPDATE ingest.chat_session SET left_at = $1", left_at)
    await session.leaving.tell()
    first, again = session.told()
    assert first["id"] == again["id"]
