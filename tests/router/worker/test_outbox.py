"""Facts and answers on their way to the log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import uuid4

from services.router.losses import losses
from services.router.outbox import Outbox
from services.router.replies import Replies
from services.router.store import outbox as outbox_store
from services.router.store import replies
from shared.database.wakeups import Wakeups
from shared.domain.ids import derived_id
from shared.errors import LogUnavailable
from shared.eventlog.memory import MemoryLog
from shared.events import REPLIES, ROUTING
from shared.telemetry import Metrics


@asynccontextmanager
async def running(*services: Any) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(service.run()) for service in services]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(5):
        while not await condition():  # noqa: ASYNC110  # the condition is in the database, which wakes nobody
            await asyncio.sleep(0.01)


async def read(log: MemoryLog, stream: str) -> list[Any]:
    subscription = await log.subscribe(stream, str(uuid4()))
    return await subscription.poll(limit=1000, wait=0)


async def test_every_fact_comes_to_the_log_once_per_reader_in_order(company: Any) -> None:
    log, wakeups = MemoryLog(), Wakeups(company.url)
    first, second = (Outbox(url=company.url, log=log, wakeups=wakeups, metrics=Metrics()) for _ in range(2))
    async with running(first, second):
        await company.receive(company.inquiry())
        last = (await company.facts())[-1]

        async def done() -> bool:
            return await company.pool.fetchval("SELECT pos FROM router.outbox_position") == last.pos

        await until(done)
    records = sorted(await read(log, ROUTING), key=lambda record: int(record.headers["sequence"]))
    assert [int(record.headers["sequence"]) for record in records] == list(range(1, last.pos + 1))
    assert records[-1].headers["ce_id"] == str(derived_id("event", str(last.pos)))
    assert records[-1].headers["ce_type"] == "inquiryrouter.inquiry.waiting.v1"
    assert records[-1].key == last.fact.data["conversation_id"]


async def test_what_could_not_be_published_is_published_later_under_the_same_id(company: Any) -> None:
    class Faulty(MemoryLog):
        tries = 0

        async def publish(self, *args: Any) -> None:
            self.tries += 1
            await super().publish(*args)
            if self.tries == 1:
                raise LogUnavailable("unknown outcome")

    log = Faulty()
    outbox = Outbox(url=company.url, log=log, wakeups=Wakeups(company.url), metrics=Metrics())
    with suppress(LogUnavailable):
        await outbox.run()
    assert await company.pool.fetchval("SELECT pos FROM router.outbox_position") == 0
    async with running(outbox):

        async def done() -> bool:
            return await company.pool.fetchval("SELECT pos FROM router.outbox_position") == 1

        await until(done)
    assert len({record.headers["ce_id"] for record in await read(log, ROUTING)}) == 1


async def test_answers_leave_in_order_and_only_once_they_are_on_the_log(company: Any) -> None:
    log = MemoryLog()
    async with company.pool.acquire() as conn:
        for number in range(3):
            await replies.add(conn, f"e{number}", "chat:s", {"conversation_id": "c", "text": str(number)})
    sender = Replies(url=company.url, log=log, wakeups=Wakeups(company.url), clock=company.clock)
    async with running(sender):

        async def done() -> bool:
            return await company.pool.fetchval("SELECT count(*) FROM router.reply_outbox WHERE sent_at IS NULL") == 0

        await until(done)
    assert [record.headers["ce_id"] for record in await read(log, REPLIES)] == ["e0", "e1", "e2"]


async def test_facts_and_answers_are_put_on_a_log_again_that_was_lost(company: Any) -> None:
    log, wakeups = MemoryLog(), Wakeups(company.url)
    async with company.pool.acquire() as conn:
        await replies.add(conn, "e", "chat:s", {"conversation_id": "c", "text": "x"})
    await company.receive(company.inquiry())
    last = (await company.facts())[-1].pos

    async def is_whole() -> bool:
        facts = {int(record.headers["sequence"]) for record in await read(log, ROUTING)}
        return facts == set(range(1, last + 1)) and len(await read(log, REPLIES)) > 0

    outbox = Outbox(url=company.url, log=log, wakeups=wakeups, metrics=Metrics())
    sender = Replies(url=company.url, log=log, wakeups=wakeups, clock=company.clock)
    async with running(outbox, sender, losses(url=company.url, log=log)):
        await until(is_whole)
        log.broker.wipe()
        await until(is_whole)


async def test_what_a_lost_log_had_forgotten_by_itself_is_not_put_there_again(company: Any) -> None:
    await company.receive(company.inquiry())
    await company.pool.execute("UPDATE router.events SET at = now() - interval '8 days' WHERE pos < 3")
    await company.pool.execute("UPDATE router.outbox_position SET pos = 4")
    async with company.pool.acquire() as conn:
        assert await outbox_store.lost(conn, ROUTING) == 1
        assert await outbox_store.position(conn, ROUTING) == 2


async def test_who_was_publishing_when_the_loss_was_noticed_does_not_skip_what_was_lost(company: Any) -> None:
    await company.receive(company.inquiry())
    async with company.pool.acquire() as conn:
        await outbox_store.advance(conn, ROUTING, after=0, pos=3)
        await outbox_store.lost(conn, ROUTING)
        await outbox_store.advance(conn, ROUTING, after=3, pos=4)
        assert await outbox_store.position(conn, ROUTING) == 0
