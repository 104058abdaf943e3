"""What a batch comes to: every record is handled, parked behind its key, or in quarantine, and only then committed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from shared.errors import Permanent, Undecodable
from shared.eventlog.base import Record
from shared.eventlog.encoding import partition_of
from tests.shared.stage import STREAM, Stage, event, spoil_record, until


@pytest.fixture
def stage() -> Stage:
    return Stage()


async def test_what_is_no_event_is_quarantined_at_once_and_its_neighbours_are_handled(stage: Stage) -> None:
    await stage.log.publish(STREAM, [event(0)])
    raw = Record(STREAM, partition_of("key"), 1, "key", {"ce_id": "x"}, b"\xff\x00 no event")
    stage.broker.part(STREAM, partition_of("key")).append(raw)
    await stage.log.publish(STREAM, [event(2)])
    async with stage.running():
        await until(lambda: stage.committed() == 3)
    assert stage.calls == [[0, 2]]
    ((kept, reason),) = stage.quarantine.kept.values()
    assert kept == raw
    assert reason == "Undecodable: CloudEvents of version None, expected '1.0'"


async def test_a_record_that_fails_three_times_is_parked_and_the_others_are_done_once(stage: Stage) -> None:
    await stage.log.publish(STREAM, [event(n, f"key{n}") for n in range(4)])
    stage.spoil = spoil_record(2, ValueError("poison"))
    async with stage.running():
        await until(lambda: stage.committed() == 4)
    assert stage.calls.count([2]) == 3
    assert sorted(stage.done) == [0, 1, 3]
    assert [reason for _, reason in stage.parked()] == ["ValueError: poison"]
    assert stage.quarantined() == []


async def test_later_records_of_a_parked_key_wait_behind_it_in_order_and_are_not_even_tried(stage: Stage) -> None:
    await stage.log.publish(STREAM, [event(n) for n in range(3)])
    stage.spoil = spoil_record(1, ValueError("poison"))
    async with stage.running():
        await until(lambda: stage.committed() == 3)
        await stage.log.publish(STREAM, [event(3), event(4)])
        await until(lambda: stage.committed() == 5)
    assert stage.done == [0]
    assert [2] not in stage.calls
    assert [3, 4] not in stage.calls
    assert stage.parked() == [(1, "ValueError: poison"), (2, None), (3, None), (4, None)]


async def test_a_member_that_comes_later_lets_records_wait_behind_what_another_has_parked(stage: Stage) -> None:
    await stage.log.publish(STREAM, [event(0)])
    stage.spoil = spoil_record(0, ValueError("poison"))
    async with stage.running():
        await until(lambda: stage.committed() == 1)
    await stage.log.publish(STREAM, [event(1)])
    async with stage.running():
        await until(lambda: stage.committed() == 2)
    assert stage.done == []
    assert len(stage.parked()) == 2


async def test_no_position_is_stored_past_a_record_that_is_not_settled_yet(stage: Stage) -> None:
    part = partition_of("key")
    other = next(key for key in map(str, range(1_000)) if partition_of(key) == part)
    await stage.log.publish(STREAM, [event(0, "key"), event(1, other)])
    stage.spoil = spoil_record(0, ValueError("poison"))
    async with stage.running():
        await until(lambda: stage.committed() == 2)
    reached = [(list(batch), batch.positions) for batch in stage.batches]
    assert [positions for _, positions in reached] == [{part: 0}, {part: 2}]
    assert reached[-1][0] == [], "what came of the batch is parked by then, and the position alone is news"


async def test_a_permanent_refusal_is_tried_alone_too(stage: Stage) -> None:
    await stage.log.publish(STREAM, [event(0, "a"), event(1, "b")])
    stage.spoil = spoil_record(0, Permanent("never"))
    async with stage.running():
        await until(lambda: stage.committed() == 2)
    assert stage.done == [1]
    assert [reason for _, reason in stage.parked()] == ["Permanent: never"]


async def test_a_body_of_an_unknown_version_is_not_tried_three_times(stage: Stage) -> None:
    await stage.log.publish(STREAM, [event(0), event(1)])
    stage.spoil = spoil_record(0, Undecodable("v9"))
    async with stage.running():
        await until(lambda: stage.committed() == 2)
    assert stage.calls == [[0, 1], [0], [1], []]
    assert stage.quarantined() == [(0, "Undecodable: v9")]


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        ({"headers": {}}, "CloudEvents of version None"),
        ({"headers": event(1).headers() | {"ce_specversion": "0.3"}}, "CloudEvents of version '0.3'"),
        ({"headers": {k: v for k, v in event(1).headers().items() if k != "ce_id"}}, "not a CloudEvent"),
        ({"headers": event(1).headers() | {"ce_time": "2999-01-01T00:00:00+00:00"}}, "the time is in the future"),
        ({"headers": event(1).headers() | {"ce_time": "2026-03-04T00:00:00"}}, "the time has no zone"),
        ({"value": b"[" * 100_000}, "nested too deeply|recursion limit"),
        ({"value": b" " * 1_000_001}, "1000001 bytes, over 1000000"),
        ({"value": b"[]"}, "not a JSON object"),
    ],
)
async def test_what_must_not_even_be_tried_goes_raw_to_quarantine(
    stage: Stage, spoilt: dict[str, Any], reason: str
) -> None:
    await stage.log.publish(STREAM, [event(0)])
    good = Record(STREAM, partition_of("key"), 1, "key", event(1).headers(), event(1).value())
    stage.broker.part(STREAM, partition_of("key")).append(replace(good, **spoilt))
    await stage.log.publish(STREAM, [event(2)])
    async with stage.running():
        await until(lambda: stage.committed() == 3)
    assert stage.done == [0, 2]
    ((kept, told),) = stage.quarantine.kept.values()
    assert kept == replace(good, **spoilt)
    assert re.search(reason, told)
