"""What is of no use any more goes, what was promised stays, and nobody waits for it."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
import pytest

from services.router.perishable import PERISHABLES
from shared import pruning
from shared.eventlog import retention
from shared.eventlog.base import Record
from shared.pruning import Pruning
from shared.quarantine import PostgresQuarantine
from shared.telemetry import Metrics

ANSWERS = """
INSERT INTO access.idempotency (caller, door, key, body_hash, started_at, status)
SELECT 'user:1', $1, n::text, '', now() - $2::interval, 200 FROM generate_series(1, $3) AS n
"""
MARKS = """
INSERT INTO router.inbox (event_id, at) SELECT $1 || n, now() - $2::interval FROM generate_series(1, $3) AS n
"""


@pytest.fixture
def pruned(pool: asyncpg.Pool[asyncpg.Record]) -> Pruning:
    return Pruning(pool, PERISHABLES)


async def test_old_answers_go_and_those_of_the_last_day_stay(
    pool: asyncpg.Pool[asyncpg.Record], pruned: Pruning
) -> None:
    await pool.execute(ANSWERS, "POST /old", timedelta(days=31), 2)
    await pool.execute(ANSWERS, "POST /promised", timedelta(days=1, minutes=5), 3)
    assert await pruned.prune() == 2
    assert await pool.fetch("SELECT DISTINCT door FROM access.idempotency") == [("POST /promised",)]


async def test_the_key_of_a_draft_lives_as_long_as_the_draft(
    pool: asyncpg.Pool[asyncpg.Record], pruned: Pruning
) -> None:
    await pool.execute(ANSWERS, "POST /api/v1/rulesets", timedelta(days=4_000), 1)
    assert await pruned.prune() == 0


async def test_marks_of_events_outlive_the_stream_that_might_bring_them_again(
    pool: asyncpg.Pool[asyncpg.Record], pruned: Pruning
) -> None:
    await pool.execute(MARKS, "gone-", timedelta(days=2 * retention.DAYS, minutes=5), 2)
    await pool.execute(MARKS, "may-come-", timedelta(days=retention.DAYS + 1), 3)
    assert await pruned.prune() == 2
    assert await pool.fetchval("SELECT count(*) FROM router.inbox WHERE event_id LIKE 'may-come-%'") == 3


async def test_records_that_were_replayed_go_and_those_that_wait_for_a_person_never(
    pool: asyncpg.Pool[asyncpg.Record], pruned: Pruning
) -> None:
    quarantine = PostgresQuarantine(pool, metrics=Metrics())
    for position in range(3):
        await quarantine.put("stage", Record("stream", 0, position, "key", {}, b"%d" % position), "x")
    age = timedelta(days=retention.DAYS, minutes=5)
    await pool.execute("UPDATE log.quarantine SET at = now() - $1::interval, last_at = at", age * 100)
    await pool.execute("UPDATE log.quarantine SET replayed_at = now() - $1::interval WHERE pos < 1", age)
    await pool.execute("UPDATE log.quarantine SET replayed_at = now() WHERE pos = 1")
    assert await pruned.prune() == 1
    assert await pool.fetch("SELECT pos FROM log.quarantine ORDER BY pos") == [(1,), (2,)]


async def test_much_goes_in_small_batches(
    pool: asyncpg.Pool[asyncpg.Record], pruned: Pruning, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "BATCH", 10)
    await pool.execute(MARKS, "old-", timedelta(days=90), 25)
    assert await pruned.prune() == 25
    assert await pool.fetchval("SELECT count(*) FROM router.inbox") == 0


async def test_rows_that_another_process_prunes_are_left_to_it(
    pool: asyncpg.Pool[asyncpg.Record], pruned: Pruning
) -> None:
    await pool.execute(MARKS, "old-", timedelta(days=90), 3)
    async with pool.acquire() as other, other.transaction():
        await other.execute("SELECT FROM router.inbox WHERE event_id = 'old-1' FOR UPDATE")
        assert await pruned.prune() == 2


@pytest.mark.parametrize("perishable", PERISHABLES, ids=lambda perishable: perishable.name)
async def test_what_is_old_is_found_by_an_index(pool: asyncpg.Pool[asyncpg.Record], perishable: object) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL enable_seqscan = off")
        plan = await connection.fetch(f"EXPLAIN {perishable.statement}", perishable.kept, 10)  # type: ignore[attr-defined]
    assert "Seq Scan" not in "\n".join(row[0] for row in plan)
