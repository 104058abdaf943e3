"""The one ordered table of facts."""

from __future__ import annotations

import asyncio
from typing import Any

from services.router.store import events
from services.router.store.events import Fact
from shared.database.connection import connect


def fact(name: str) -> Fact:
    return Fact("offer.made", name, "key", {"name": name, "text": "žāļš \\u0000"}, cause="c", actor="a")


async def test_positions_are_dense_and_start_at_one(pool: Any) -> None:
    async with pool.acquire() as conn:
        assert await events.append(conn, [fact("a"), fact("b")]) == 1
        assert await events.append(conn, [fact("c")]) == 3
        assert await events.append(conn, []) == 0
        rows = await events.read(conn, 1)
        assert [(row.pos, row.fact.subject) for row in rows] == [(2, "b"), (3, "c")]
        assert rows[0].fact == fact("b")
        assert await events.head(conn) == 3


async def test_an_aborted_transaction_leaves_no_gap(pool: Any) -> None:
    async with pool.acquire() as conn:
        transaction = conn.transaction()
        await transaction.start()
        await events.append(conn, [fact("lost")])
        await transaction.rollback()
        assert await events.append(conn, [fact("kept")]) == 1


async def test_the_order_of_position_is_the_order_of_commit(pool: Any) -> None:
    async with pool.acquire() as first, pool.acquire() as second:
        transaction = first.transaction()
        await transaction.start()
        await events.append(first, [fact("first")])
        late = asyncio.create_task(events.append(second, [fact("second")]))
        assert await events.read(pool, 0) == []
        await transaction.commit()
        assert await late == 2
    assert [row.fact.subject for row in await events.read(pool, 0)] == ["first", "second"]


async def test_whoever_listens_hears_of_an_append(pool: Any, database_url: str) -> None:
    heard = asyncio.Event()
    listener = await connect(database_url, name="listener")
    await listener.add_listener(events.CHANNEL, lambda *_: heard.set())
    async with pool.acquire() as conn:
        await events.append(conn, [fact("a")])
    await asyncio.wait_for(heard.wait(), 5)
    listener.terminate()
