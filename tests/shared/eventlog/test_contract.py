"""What the event log promises, by every adapter alike: order, repetition, commit, lag, tail."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.errors import Permanent
from shared.eventlog.base import Record
from shared.eventlog.encoding import PARTITIONS, partition_of
from shared.events import CloudEvent, decode

DEADLINE = 10.0


KEYS = [f"key-{n}" for n in range(20)]


def test_the_keys_of_these_tests_fall_into_every_partition() -> None:
    assert {partition_of(key) for key in KEYS} == set(range(PARTITIONS))


async def test_records_of_one_key_come_in_the_order_of_publishing(world: Any) -> None:
    log = world.process()
    for start in range(0, 30, 10):
        await log.publish(world.stream, [world.event(key, n) for n in range(start, start + 10) for key in KEYS])
    records = await world.take(await log.subscribe(world.stream, "readers"), 600)
    assert {key: world.numbers(records, key) for key in KEYS} == {key: list(range(30)) for key in KEYS}


async def test_writers_at_once_lose_nothing_and_positions_rise_by_partition(world: Any) -> None:
    writers = [world.process() for _ in range(4)]
    await asyncio.gather(
        *(
            w.publish(world.stream, [world.event(k, 100 * i + n) for k in KEYS])
            for n in range(10)
            for i, w in enumerate(writers)
        )
    )
    records = await world.take(await writers[0].subscribe(world.stream, "readers"), 800)
    for part in range(PARTITIONS):
        positions = [r.position for r in records if r.partition == part]
        assert positions == sorted(set(positions))
    for key in KEYS:
        assert sorted(world.numbers(records, key)) == sorted(100 * i + n for i in range(4) for n in range(10))


async def test_a_record_carries_the_event_unchanged(world: Any) -> None:
    log = world.process()
    given = world.event("kéy", 1, text="Grüße\nčau\t日本 🙂", nul="a\0b", deep={"x": [1.5, None, True]})
    await log.publish(world.stream, [given])
    (record,) = await world.take(await log.subscribe(world.stream, "readers"), 1)
    assert decode(record.key, record.headers, record.value) == given


@pytest.mark.parametrize("attribute", ["key", "subject", "id"])
@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
async def test_nul_and_half_characters_in_attributes_are_refused_before_anything_is_appended(
    world: Any, attribute: str, text: str
) -> None:
    log = world.process()
    values = {"key": "k", "subject": "s", "id": "i"} | {attribute: text}
    bad = CloudEvent(type="t", source="test", time=datetime(2026, 3, 4, tzinfo=UTC), data={}, **values)
    with pytest.raises(Permanent):
        await log.publish(world.stream, [world.event("key", 1), bad])
    assert await world.drain(await log.subscribe(world.stream, "readers")) == []


async def test_half_characters_in_the_data_are_refused_before_anything_is_appended(world: Any) -> None:
    log = world.process()
    with pytest.raises(Permanent):
        await log.publish(world.stream, [world.event("key", 1), world.event("key", 2, text="a\udfffb")])
    assert await world.drain(await log.subscribe(world.stream, "readers")) == []


async def test_a_record_over_the_size_is_refused_before_anything_is_appended(world: Any) -> None:
    log = world.process()
    largest = world.event("key", 1, text="x" * 990_000)
    with pytest.raises(Permanent, match="too large"):
        await log.publish(world.stream, [largest, world.event("key", 2, text="x" * 1_000_001)])
    await log.publish(world.stream, [largest])
    assert world.numbers(await world.drain(await log.subscribe(world.stream, "readers")), "key") == [1]


async def test_publishing_nothing_is_nothing(world: Any) -> None:
    log = world.process()
    await log.publish(world.stream, [])
    assert await world.drain(await log.subscribe(world.stream, "readers")) == []


async def test_what_was_not_committed_comes_again_after_a_crash(world: Any) -> None:
    await world.process().publish(world.stream, [world.event("key", n) for n in range(10)])
    doomed = world.process()
    member = await doomed.subscribe(world.stream, "readers")
    batch = await member.poll(limit=4, wait=1)
    assert world.numbers(batch, "key") == [0, 1, 2, 3]
    await member.commit(world.after(batch))
    assert world.numbers(await member.poll(limit=3, wait=1), "key") == [4, 5, 6]
    await doomed.close()
    survivor = await world.process().subscribe(world.stream, "readers")
    assert world.numbers(await world.take(survivor, 6), "key") == [4, 5, 6, 7, 8, 9]


async def test_nothing_is_committed_unless_asked(world: Any) -> None:
    log = world.process()
    await log.publish(world.stream, [world.event("key", 1)])
    first = await log.subscribe(world.stream, "readers")
    assert len(await world.take(first, 1, commit=False)) == 1
    await first.close()
    assert len(await world.take(await log.subscribe(world.stream, "readers"), 1)) == 1


async def test_rewind_delivers_again_what_was_polled_and_not_committed(world: Any) -> None:
    log = world.process()
    await log.publish(world.stream, [world.event("key", n) for n in range(5)])
    member = await log.subscribe(world.stream, "readers")
    await member.commit(world.after(await member.poll(limit=2, wait=1)))
    assert world.numbers(await member.poll(limit=9, wait=1), "key") == [2, 3, 4]
    await member.rewind()
    assert world.numbers(await member.poll(limit=9, wait=1), "key") == [2, 3, 4]


async def test_groups_do_not_know_of_each_other(world: Any) -> None:
    log = world.process()
    await log.publish(world.stream, [world.event("key", n) for n in range(3)])
    for group in ("one", "two"):
        assert world.numbers(await world.take(await log.subscribe(world.stream, group), 3), "key") == [0, 1, 2]


async def test_streams_do_not_know_of_each_other(world: Any) -> None:
    log = world.process()
    await log.publish(world.stream, [world.event("key", 1)])
    await log.publish(f"{world.stream}.other", [world.event("key", 2)])
    assert world.numbers(await world.drain(await log.subscribe(f"{world.stream}.other", "readers")), "key") == [2]


async def test_lag_counts_what_is_not_committed(world: Any) -> None:
    log = world.process()
    member = await log.subscribe(world.stream, "readers")
    assert await member.lag() == 0
    await log.publish(world.stream, [world.event(key, 1) for key in KEYS])
    assert await member.lag() == len(KEYS)
    records = await world.take(member, len(KEYS), commit=False)
    assert await member.lag() == len(KEYS)
    await member.commit(world.after(records))
    assert await member.lag() == 0


async def test_a_poll_waits_for_the_first_record_and_no_longer(world: Any) -> None:
    log = world.process()
    member = await log.subscribe(world.stream, "readers")
    assert await member.poll(limit=1, wait=0.05) == []
    waiting = asyncio.create_task(member.poll(limit=5, wait=DEADLINE))
    await log.publish(world.stream, [world.event("key", 1)])
    assert world.numbers(await asyncio.wait_for(waiting, DEADLINE), "key") == [1]


async def test_a_poll_returns_no_more_than_its_limit_and_starves_no_partition(world: Any) -> None:
    log = world.process()
    await log.publish(world.stream, [world.event(key, n) for n in range(20) for key in KEYS])
    member = await log.subscribe(world.stream, "readers")
    records: list[Record] = []
    for _ in range(2 * PARTITIONS):
        batch = await member.poll(limit=10, wait=1)
        assert 0 < len(batch) <= 10
        records += batch
    assert {r.key for r in records} == set(KEYS)


async def test_a_tail_sees_what_is_new_without_group_or_memory(world: Any) -> None:
    log = world.process()
    await log.publish(world.stream, [world.event("old", 1)])
    tails = [log.tail(world.stream), log.tail(world.stream)]
    firsts = [asyncio.ensure_future(anext(tail)) for tail in tails]
    async with asyncio.timeout(DEADLINE):
        round_ = 0
        while not all(first.done() for first in firsts):
            round_ += 1
            await log.publish(world.stream, [world.event("new", round_)])
            await asyncio.wait(firsts, timeout=0.1)
    assert {(await first).key for first in firsts} == {"new"}
    for tail in tails:
        await tail.aclose()


async def test_a_tail_from_the_start_sees_everything(world: Any) -> None:
    log = world.process()
    await log.publish(world.stream, [world.event(key, n) for n in range(5) for key in KEYS])
    tail = log.tail(world.stream, from_end=False)
    records = [await asyncio.wait_for(anext(tail), DEADLINE) for _ in range(5 * len(KEYS))]
    assert {key: world.numbers(records, key) for key in KEYS} == {key: list(range(5)) for key in KEYS}
    await tail.aclose()


async def test_a_log_that_was_wiped_is_another_incarnation(world: Any) -> None:
    log, other = world.process(), world.process()
    await log.publish(world.stream, [world.event("key", 1)])
    before = await log.incarnation(world.stream)
    assert await other.incarnation(world.stream) == before
    await world.wipe()
    async with asyncio.timeout(DEADLINE):
        seen = {before}
        while before in seen or len(seen) > 1:
            seen = {await one.incarnation(world.stream) for one in (log, other)}
            await asyncio.sleep(0.05)
