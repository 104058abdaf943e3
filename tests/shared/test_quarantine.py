"""What cannot be handled is kept once, raw, mended by people, and goes back on the log under its own id."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import asyncpg
import pytest

from shared.errors import Refused
from shared.eventlog.base import Record
from shared.eventlog.memory import MemoryLog
from shared.events import RECEIVED, CloudEvent, decode
from shared.quarantine import PostgresQuarantine
from shared.quarantine_desk import Fix, QuarantineDesk
from shared.telemetry import Metrics

EVENT = CloudEvent("e1", "t", "test", "s", "key", datetime(2026, 3, 4, tzinfo=UTC), {"text": "čau"})
RECORD = Record("things.happened", 3, 7, EVENT.key, EVENT.headers(), EVENT.value())
BROKEN = replace(RECORD, value=b"nothing")


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


@pytest.fixture
def quarantine(pool: asyncpg.Pool, metrics: Metrics) -> PostgresQuarantine:
    return PostgresQuarantine(pool, metrics=metrics)


@pytest.fixture
def desk(pool: asyncpg.Pool, log: MemoryLog, quarantine: PostgresQuarantine) -> QuarantineDesk:
    return QuarantineDesk(pool, log=log, quarantine=quarantine)


def waiting(metrics: Metrics, stage: str) -> float | None:
    return metrics.registry.get_sample_value("inquiry_router_quarantined", {"stage": stage})


async def published(log: MemoryLog) -> list[CloudEvent]:
    records = await (await log.subscribe(RECORD.stream, "readers")).poll(limit=99, wait=0)
    return [decode(record.key, record.headers, record.value) for record in records]


async def test_a_record_is_kept_once_however_often_it_comes_with_its_latest_reason(
    quarantine: PostgresQuarantine, desk: QuarantineDesk, metrics: Metrics
) -> None:
    for reason in ("first", "again"):
        await quarantine.put("stage", RECORD, reason, tries=7)
    (kept,) = await desk.list()
    assert (kept.stage, kept.stream, kept.part, kept.pos) == ("stage", "things.happened", 3, 7)
    assert (kept.key, kept.event_id, kept.type, kept.subject) == ("key", "e1", "t", "s")
    assert (kept.reason, kept.tries) == ("again", 7)
    assert waiting(metrics, "stage") == 1


async def test_the_same_fact_published_again_is_the_same_entry(
    quarantine: PostgresQuarantine, desk: QuarantineDesk
) -> None:
    later = dict(RECORD.headers) | {"ce_time": "2026-03-05T00:00:00+00:00", "traceparent": "00-1-2-01"}
    await quarantine.put("stage", RECORD, "x")
    await quarantine.put("stage", replace(RECORD, position=99, headers=later), "x")
    (kept,) = await desk.list()
    assert kept.pos == 99


@pytest.mark.parametrize("other", [{"value": b"another"}, {"key": "another"}, {"headers": {}}])
async def test_a_log_that_was_wiped_may_bring_another_record_at_the_same_place(
    quarantine: PostgresQuarantine, desk: QuarantineDesk, other: dict[str, object]
) -> None:
    await quarantine.put("stage", RECORD, "x")
    await quarantine.put("stage", replace(RECORD, **other), "x")
    assert len(await desk.list()) == 2


@pytest.mark.parametrize(
    "part",
    [
        {"value": b"\x00\xff\xed\xa0\x80"},
        {"key": "\0k\ud800" + "x" * 99_999},
        {"headers": {"ce_id": "\0\ud800" + "y" * 99_999, "n\0": "\udfff"}},
    ],
    ids=["value", "key", "headers"],
)
async def test_any_record_is_kept_to_the_byte(
    quarantine: PostgresQuarantine, desk: QuarantineDesk, part: dict[str, object]
) -> None:
    record = replace(RECORD, **part)
    await quarantine.put("stage", record, "a\0b\ud800" + "x" * 9_999)
    (kept,) = await desk.list()
    assert kept.reason.startswith("ab?xxx")
    assert (await desk.get(kept.id)).came == record


async def test_a_replayed_record_is_on_the_log_under_its_own_id_and_no_longer_counted(
    quarantine: PostgresQuarantine, desk: QuarantineDesk, log: MemoryLog, metrics: Metrics
) -> None:
    await quarantine.put("stage", RECORD, "broken")
    (kept,) = await desk.list()
    await desk.replay(kept.id)
    assert await published(log) == [EVENT]
    assert waiting(metrics, "stage") == 0
    assert await desk.list() == []
    assert (await desk.list(replayed=True))[0].replayed_at is not None


async def test_a_dry_run_publishes_nothing(
    quarantine: PostgresQuarantine, desk: QuarantineDesk, log: MemoryLog
) -> None:
    await quarantine.put("stage", RECORD, "broken")
    (kept,) = await desk.list()
    await desk.replay(kept.id, dry_run=True)
    assert [outcome async for outcome in desk.replay_all(per_second=1_000, dry_run=True)]
    assert await published(log) == []
    assert len(await desk.list()) == 1


async def test_a_record_that_fails_again_waits_again_even_before_its_replay_is_written_down(
    quarantine: PostgresQuarantine, pool: asyncpg.Pool
) -> None:
    class Failing(MemoryLog):
        async def publish(self, stream: str, events: object) -> None:
            await quarantine.put("stage", replace(RECORD, position=8), "failed again")

    desk = QuarantineDesk(pool, log=Failing(), quarantine=quarantine)
    await quarantine.put("stage", RECORD, "broken")
    (kept,) = await desk.list()
    await desk.replay(kept.id)
    assert [again.reason for again in await desk.list()] == ["failed again"]


async def test_a_record_that_comes_back_after_its_replay_waits_again(
    quarantine: PostgresQuarantine, desk: QuarantineDesk, metrics: Metrics
) -> None:
    await quarantine.put("stage", RECORD, "broken")
    (kept,) = await desk.list()
    await desk.replay(kept.id)
    assert await desk.list() == []
    await quarantine.put("stage", replace(RECORD, position=8), "failed again")
    (back,) = await desk.list()
    assert (back.id, back.reason, back.replayed_at) == (kept.id, "failed again", None)
    assert back.version > kept.version
    assert waiting(metrics, "stage") == 1


async def test_what_is_still_no_event_stays(
    quarantine: PostgresQuarantine, desk: QuarantineDesk, log: MemoryLog
) -> None:
    await quarantine.put("stage", BROKEN, "broken")
    (kept,) = await desk.list()
    with pytest.raises(Refused, match="not a CloudEvent of ours"):
        await desk.replay(kept.id)
    assert await published(log) == []
    assert await desk.list() == [kept]


async def test_a_mended_record_is_replayed_as_mended_and_kept_as_it_came(
    quarantine: PostgresQuarantine, desk: QuarantineDesk, log: MemoryLog
) -> None:
    await quarantine.put("stage", BROKEN, "broken")
    (kept,) = await desk.list()
    await desk.fix(kept.id, Fix(value=b'{"n": 1}', headers={"ce_type": "u", "ce_subject": "t"}), by="otto")
    content = await desk.get(kept.id)
    assert content.came == BROKEN
    assert (content.kept.fixed_by, content.fixed and content.fixed.value) == ("otto", b'{"n": 1}')
    await desk.replay(kept.id)
    (event,) = await published(log)
    assert (event.id, event.type, event.subject, event.data) == (EVENT.id, "u", "t", {"n": 1})


async def test_a_record_without_an_id_gets_one_that_follows_from_where_it_came_from(
    quarantine: PostgresQuarantine, desk: QuarantineDesk, log: MemoryLog
) -> None:
    await quarantine.put("stage", replace(RECORD, headers={}), "broken")
    (kept,) = await desk.list()
    headers = {name: value for name, value in EVENT.headers().items() if name != "ce_id"}
    for _ in range(2):
        await desk.fix(kept.id, Fix(headers=headers), by="otto")
        await desk.replay(kept.id)
    first, second = await published(log)
    assert first == second
    assert first.id != EVENT.id


@pytest.mark.parametrize(
    "fix",
    [Fix(value=b"[]"), Fix(headers={"ce_id": "another"}), Fix(headers={"ce_type": None}), Fix(headers={"ce_time": ""})],
)
async def test_what_would_be_no_event_or_another_one_is_no_fix(
    quarantine: PostgresQuarantine, desk: QuarantineDesk, fix: Fix
) -> None:
    await quarantine.put("stage", RECORD, "broken")
    (kept,) = await desk.list()
    with pytest.raises(Refused) as refused:
        await desk.fix(kept.id, fix, by="otto")
    assert refused.value.code == "unreadable"
    assert (await desk.get(kept.id)).fixed is None


async def test_a_body_that_does_not_fit_its_stream_is_no_fix_either(
    quarantine: PostgresQuarantine, desk: QuarantineDesk
) -> None:
    headers = dict(RECORD.headers) | {"ce_type": "inquiryrouter.inquiry.received.v9"}
    await quarantine.put("stage", replace(RECORD, stream=RECEIVED, headers=headers), "unknown version")
    (kept,) = await desk.list()
    for type_ in ("inquiryrouter.inquiry.received.v9", "inquiryrouter.inquiry.received.v1"):
        with pytest.raises(Refused, match=r"is no event of|does not fit"):
            await desk.fix(kept.id, Fix(headers={"ce_type": type_}), by="otto")


async def test_two_people_do_not_overwrite_each_others_fix(
    quarantine: PostgresQuarantine, desk: QuarantineDesk
) -> None:
    await quarantine.put("stage", RECORD, "broken")
    (kept,) = await desk.list()
    await desk.fix(kept.id, Fix(value=b"{}"), by="otto", version=kept.version)
    with pytest.raises(Refused, match="version-mismatch"):
        await desk.fix(kept.id, Fix(value=b"{}"), by="sara", version=kept.version)


async def test_all_are_replayed_in_order_but_what_cannot_be_read_is_told_and_stays(
    quarantine: PostgresQuarantine, desk: QuarantineDesk, log: MemoryLog
) -> None:
    for number in range(60):
        headers = dict(RECORD.headers) | {"ce_id": str(number)}
        await quarantine.put("stage", replace(RECORD, headers=headers, value=b"x" if number == 7 else b"{}"), "broken")
    outcomes = [outcome async for outcome in desk.replay_all(per_second=10_000, stage="stage")]
    assert [event.id for event in await published(log)] == [str(number) for number in range(60) if number != 7]
    assert [outcome.id for outcome in outcomes if outcome.fault] == [kept.id for kept in await desk.list()]
    assert [outcome async for outcome in desk.replay_all(per_second=10_000, stage="another")] == []


async def test_a_replay_of_all_keeps_to_its_rate(
    quarantine: PostgresQuarantine, desk: QuarantineDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr("shared.quarantine_desk.asyncio.sleep", sleep)
    for number in range(3):
        await quarantine.put("stage", replace(RECORD, value=b'{"n": %d}' % number), "broken")
    assert len([outcome async for outcome in desk.replay_all(per_second=0.001)]) == 3
    assert pauses[0] == 0
    assert all(pause > 900 for pause in pauses[1:])


async def test_what_is_not_there_cannot_be_replayed(desk: QuarantineDesk) -> None:
    with pytest.raises(Refused, match="not-found"):
        await desk.replay(1)


async def test_long_lists_are_read_in_pages(quarantine: PostgresQuarantine, desk: QuarantineDesk) -> None:
    for number in range(3):
        await quarantine.put("stage", replace(RECORD, value=b"%d" % number), "x")
    first = await desk.list(limit=2)
    rest = await desk.list(limit=2, after=first[-1].id)
    assert [len(first), len(rest)] == [2, 1]
