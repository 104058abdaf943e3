"""From receipt to log: in accept order per key, at least once under one id, and again until the router has it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg
import pytest

from services.ingest.accept import Accept
from services.ingest.channel import Delivery, Draft
from services.ingest.relay import Relay
from services.ingest.store import publishing
from shared.clock import SystemClock
from shared.database.wakeups import Wakeups
from shared.domain.inquiry import Channel
from shared.errors import DatabaseUnavailable, LogUnavailable, Refused
from shared.eventlog.losses import Losses
from shared.eventlog.memory import MemoryBroker, MemoryLog
from shared.events import CLASSIFIED, RECEIVED, CloudEvent, InquiryReceived, body, decode
from shared.telemetry import Metrics
from tests.ingest.conftest import eventually

Pool = asyncpg.Pool


def delivery(name: str, *, key: str = "thread:x", text: str = "text", idempotent: bool = False) -> Delivery:
    return Delivery(
        caller="key:shop",
        door="rest",
        channel=Channel.API,
        native_id=name,
        raw=text.encode(),
        content_type="text/plain",
        draft=Draft(channel=Channel.API, key=key, text=text),
        idempotency_key=name if idempotent else None,
        body_hash=text.encode(),
    )


@pytest.fixture
async def accept(database_url: str) -> AsyncIterator[Accept]:
    accept = Accept(database_url=database_url, clock=SystemClock(), metrics=Metrics())
    async with at_work(accept):
        yield accept


@asynccontextmanager
async def at_work(*loops: Accept | Relay | Losses) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(loop.run()) for loop in loops]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def relay(database_url: str, log: MemoryLog, *, patience: float = 60.0) -> Relay:
    return Relay(
        database_url=database_url,
        log=log,
        wakeups=Wakeups(database_url),
        clock=SystemClock(),
        patience=patience,
        look_again=0.05,
    )


def events(broker: MemoryBroker) -> Sequence[CloudEvent]:
    return [
        decode(record.key, record.headers, record.value) for part in range(8) for record in broker.part(RECEIVED, part)
    ]


async def test_records_of_one_key_come_in_accept_order_from_two_relays(accept: Accept, database_url: str) -> None:
    log = MemoryLog()
    async with at_work(relay(database_url, log), relay(database_url, log)):
        receipts = await asyncio.gather(*(accept.submit(delivery(str(n), key=f"thread:{n % 3}")) for n in range(300)))
        await eventually(lambda: len(events(log.broker)) >= 300)
    inquiries = [body(event, InquiryReceived, "inquiry.received").inquiry for event in events(log.broker)]
    assert {inquiry.id for inquiry in inquiries} == {receipt.id for receipt in receipts}
    assert len(inquiries) == 300
    for key in {inquiry.key for inquiry in inquiries}:
        sequences = [inquiry.sequence for inquiry in inquiries if inquiry.key == key]
        assert sequences == sorted(sequences)


async def test_what_is_not_routed_is_published_again_under_the_same_id(
    accept: Accept, database_url: str, pool: Pool
) -> None:
    log = MemoryLog()
    async with at_work(relay(database_url, log, patience=0.1)):
        await accept.submit(delivery("a"))
        await eventually(lambda: len(events(log.broker)) >= 3)
        await pool.execute("UPDATE ingest.receipt SET routed = true")
        await accept.submit(delivery("b"))
        await eventually(lambda: len(Counter(event.id for event in events(log.broker))) == 2)
    ids = Counter(event.id for event in events(log.broker))
    assert max(ids.values()) >= 3


async def test_a_log_that_is_away_holds_nothing_up_and_gets_all_when_it_is_back(
    accept: Accept, database_url: str
) -> None:
    log = MemoryLog()
    log.broker.available = False
    stage = relay(database_url, log)
    await accept.submit(delivery("a"))
    with pytest.raises(LogUnavailable):
        await stage.run()
    log.broker.available = True
    async with at_work(stage):
        await eventually(lambda: len(events(log.broker)) == 1)


async def test_a_wiped_log_is_filled_again(accept: Accept, database_url: str) -> None:
    log = MemoryLog()
    async with at_work(relay(database_url, log, patience=0.1)):
        await accept.submit(delivery("a"))
        await eventually(lambda: events(log.broker))
        log.broker.wipe()
        await eventually(lambda: events(log.broker))


async def test_a_batch_keeps_the_order_in_which_deliveries_came(accept: Accept) -> None:
    receipts = await asyncio.gather(*(accept.submit(delivery(str(n))) for n in range(500)))
    sequences = [receipt.sequence for receipt in receipts]
    assert sequences == sorted(sequences)
    assert len(set(sequences)) == 500


async def test_equal_deliveries_in_one_batch_are_one_and_a_reused_key_is_refused(accept: Accept) -> None:
    results = await asyncio.gather(
        accept.submit(delivery("a", idempotent=True)),
        accept.submit(delivery("a", idempotent=True)),
        accept.submit(delivery("a", idempotent=True, text="other")),
        accept.submit(delivery("b")),
        return_exceptions=True,
    )
    first, same, other, neighbour = results
    assert not isinstance(first, BaseException)
    assert not isinstance(same, BaseException)
    assert not isinstance(neighbour, BaseException)
    assert (first.id, first.repeated) == (same.id, False)
    assert same.repeated
    assert isinstance(other, Refused)


async def test_one_that_the_database_refuses_takes_no_neighbour_along(accept: Accept) -> None:
    results = await asyncio.gather(
        accept.submit(delivery("good")),
        accept.submit(delivery("bad", text="not cleaned \0")),
        accept.submit(delivery("good too")),
        return_exceptions=True,
    )
    assert [isinstance(result, Exception) for result in results] == [False, True, False]


async def test_what_waits_when_the_product_stops_is_told_that_it_is_not_committed(database_url: str) -> None:
    accept = Accept(database_url=database_url, clock=SystemClock(), metrics=Metrics())
    async with at_work(accept):
        waiting = asyncio.create_task(accept.submit(delivery("a")))
        await asyncio.sleep(0)
    with pytest.raises(DatabaseUnavailable):
        await waiting


async def test_the_hot_statements_scan_no_table_sequentially(accept: Accept, database_url: str, pool: Pool) -> None:
    log = MemoryLog()
    async with at_work(relay(database_url, log)):
        await asyncio.gather(*(accept.submit(delivery(str(n))) for n in range(300)))
        await eventually(lambda: len(events(log.broker)) == 300)
    scanned = await pool.fetch(
        "SELECT relname, seq_tup_read FROM pg_stat_user_tables WHERE schemaname = 'ingest' AND seq_tup_read > 0"
    )
    assert [dict(row) for row in scanned] == []


async def test_after_the_loss_of_the_log_all_that_is_not_routed_is_published_at_once(
    accept: Accept, database_url: str, pool: Pool
) -> None:
    log = MemoryLog()
    losses = Losses(
        name="ingest.losses",
        database_url=database_url,
        log=log,
        streams=(RECEIVED, CLASSIFIED),
        again=publishing.lost,
        look_seconds=0.02,
    )
    async with at_work(relay(database_url, log), losses):
        routed, waiting = [(await accept.submit(delivery(name))).id for name in ("one", "two")]
        await eventually(lambda: len(events(log.broker)) >= 2)
        await pool.execute("UPDATE ingest.receipt SET routed = true WHERE id = $1", routed)
        log.broker.wipe()
        await eventually(lambda: len(events(log.broker)) >= 1)
    assert {event.subject for event in events(log.broker)} == {str(waiting)}
