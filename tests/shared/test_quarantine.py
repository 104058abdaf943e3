"""What cannot be handled is kept once, raw, and goes back on the log under its own id."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import asyncpg
import pytest

from shared.errors import Refused, Undecodable
from shared.eventlog.base import Record
from shared.eventlog.memory import MemoryLog
from shared.events import CloudEvent, decode
from shared.quarantine import PostgresQuarantine
from shared.telemetry import Metrics

EVENT = CloudEvent("e1", "t", "test", "s", "key", datetime(2026, 3, 4, tzinfo=UTC), {"text": "čau"})
RECORD = Record("things.happened", 3, 7, EVENT.key, EVENT.headers(), EVENT.value())


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def quarantine(pool: asyncpg.Pool, metrics: Metrics) -> PostgresQuarantine:
    return PostgresQuarantine(pool, metrics=metrics)


def waiting(metrics: Metrics, stage: str) -> float | None:
    return metrics.registry.get_sample_value("inquiry_router_quarantined", {"stage": stage})


async def test_a_record_is_kept_once_however_often_it_comes(quarantine: PostgresQuarantine, metrics: Metrics) -> None:
    for reason in ("first", "again"):
        await quarantine.put("stage", RECORD, reason)
    (kept,) = await quarantine.list()
    assert (kept.stage, kept.stream, kept.key, kept.reason) == ("stage", "things.happened", "key", "first")
    assert waiting(metrics, "stage") == 1


async def test_any_bytes_and_any_reason_can_be_kept(quarantine: PostgresQuarantine, pool: asyncpg.Pool) -> None:
    await quarantine.put("stage", replace(RECORD, value=b"\x00\xff\xed\xa0\x80"), "a\0b\ud800" + "x" * 9_999)
    (kept,) = await quarantine.list()
    assert kept.reason.startswith("ab?xxx")
    assert await pool.fetchval("SELECT value FROM log.quarantine") == b"\x00\xff\xed\xa0\x80"


async def test_a_replayed_record_is_on_the_log_under_its_own_id_and_no_longer_counted(
    quarantine: PostgresQuarantine, metrics: Metrics
) -> None:
    log = MemoryLog()
    await quarantine.put("stage", RECORD, "broken")
    (kept,) = await quarantine.list()
    await quarantine.replay(kept.id, log)
    (record,) = await (await log.subscribe(RECORD.stream, "readers")).poll(limit=9, wait=1)
    assert decode(record.key, record.headers, record.value) == EVENT
    assert waiting(metrics, "stage") == 0
    assert (await quarantine.list())[0].replayed_at is not None


async def test_what_is_still_no_event_stays(quarantine: PostgresQuarantine) -> None:
    await quarantine.put("stage", replace(RECORD, value=b"nothing"), "broken")
    (kept,) = await quarantine.list()
    with pytest.raises(Undecodable):
        await quarantine.replay(kept.id, MemoryLog())
    assert (await quarantine.list())[0].replayed_at is None


async def test_what_is_not_there_cannot_be_replayed(quarantine: PostgresQuarantine) -> None:
    with pytest.raises(Refused, match="not-found"):
        await quarantine.replay(1, MemoryLog())


async def test_long_lists_are_read_in_pages(quarantine: PostgresQuarantine) -> None:
    for position in range(3):
        await quarantine.put("stage", replace(RECORD, position=position), "x")
    first = await quarantine.list(limit=2)
    rest = await quarantine.list(limit=2, after=first[-1].id)
    assert [len(first), len(rest)] == [2, 1]
