"""What only the log in PostgreSQL has: slow publishers, pruning, leases in tables, plans that stay lean."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg
import pytest

from shared.database.connection import connect
from shared.database.wakeups import Wakeups
from shared.errors import LogUnavailable
from shared.eventlog.encoding import partition_of
from shared.eventlog.postgres import PostgresLog
from shared.events import CloudEvent

STREAM = "things.happened"
SLOW, QUICK = "slow", "quick"


@pytest.fixture
async def log(database_url: str) -> AsyncIterator[PostgresLog]:
    log = PostgresLog(database_url, wakeups=Wakeups(database_url))
    yield log
    await log.close()


def event(key: str, n: int = 0) -> CloudEvent:
    return CloudEvent(f"{key}-{n}", "t", "test", key, key, datetime(2026, 3, 4, tzinfo=UTC), {"n": n})


async def test_a_slow_publisher_hides_nobodys_records(log: PostgresLog, database_url: str) -> None:
    assert partition_of(SLOW) != partition_of(QUICK)
    await log.publish(STREAM, [event(SLOW), event(QUICK)])
    member = await log.subscribe(STREAM, "readers")
    await member.poll(limit=10, wait=5)
    slow = await connect(database_url, name="slow")
    held = slow.transaction()
    await held.start()
    await slow.execute("SELECT 1 FROM log.head WHERE part = $1 FOR UPDATE", partition_of(SLOW))
    other = PostgresLog(database_url, wakeups=Wakeups(database_url))
    waits = asyncio.create_task(other.publish(STREAM, [event(SLOW, 1)]))
    await log.publish(STREAM, [event(QUICK, 1)])
    assert [r.key for r in await member.poll(limit=10, wait=5)] == [QUICK]
    assert not waits.done()
    await held.commit()
    await waits
    assert [r.key for r in await member.poll(limit=10, wait=5)] == [SLOW]
    await slow.close()
    await other.close()


async def test_pruning_drops_what_is_older_and_keeps_positions(log: PostgresLog, pool: asyncpg.Pool) -> None:
    await log.publish(STREAM, [event(SLOW, n) for n in range(5)])
    await pool.execute("UPDATE log.record SET at = now() - interval '8 days' WHERE pos < 3")
    assert await log.prune(7) == 3
    await log.publish(STREAM, [event(SLOW, 5)])
    member = await log.subscribe(STREAM, "readers")
    assert [r.position for r in await member.poll(limit=10, wait=5)] == [3, 4, 5]


async def test_forgotten_members_hand_over_without_waiting_for_their_lease(log: PostgresLog, database_url: str) -> None:
    await log.publish(STREAM, [event(SLOW)])
    killed = PostgresLog(database_url, wakeups=Wakeups(database_url), lease_seconds=3600)
    await killed.subscribe(STREAM, "readers")
    await killed.close()
    await log.forget_members()
    member = await log.subscribe(STREAM, "readers")
    assert len(await member.poll(limit=10, wait=0)) == 1


async def test_an_absent_database_is_an_absent_log(log: PostgresLog, pool: asyncpg.Pool, database_url: str) -> None:
    nowhere = PostgresLog("postgresql://router@127.0.0.1:1/x", wakeups=Wakeups("postgresql://router@127.0.0.1:1/x"))
    with pytest.raises(LogUnavailable):
        await nowhere.publish(STREAM, [event(SLOW)])
    with pytest.raises(LogUnavailable):
        await nowhere.subscribe(STREAM, "readers")


async def test_a_member_whose_connection_was_cut_goes_on(log: PostgresLog, pool: asyncpg.Pool) -> None:
    member = await log.subscribe(STREAM, "readers")
    await log.publish(STREAM, [event(SLOW)])
    await pool.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name LIKE 'readers%'"
    )
    records = []
    async with asyncio.timeout(5):
        while not records:
            try:
                records = await member.poll(limit=10, wait=0.1)
            except LogUnavailable:
                continue
    assert [r.key for r in records] == [SLOW]


async def test_reading_and_publishing_never_scan_the_records(log: PostgresLog, pool: asyncpg.Pool) -> None:
    member = await log.subscribe(STREAM, "readers")
    for n in range(20):
        await log.publish(STREAM, [event(f"key-{k}", n) for k in range(20)])
        for record in await member.poll(limit=100, wait=1):
            await member.commit({record.partition: record.position + 1})
    await member.close()
    await log.close()  # a backend reports its counts when it goes
    async with asyncio.timeout(5):
        while await _statistic(pool, "n_tup_ins") < 400:
            pass
    assert await _statistic(pool, "seq_tup_read") == 0


async def _statistic(pool: asyncpg.Pool, column: str) -> int:
    value: int = await pool.fetchval(f"SELECT {column} FROM pg_stat_user_tables WHERE relid = 'log.record'::regclass")
    return value
