"""What the event log promises, by every adapter alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.database.connection import connect
from shared.database.wakeups import Wakeups
from shared.errors import Permanent
from shared.eventlog.base import EventLog, Positions, Record, Subscription
from shared.eventlog.encoding import PARTITIONS, partition_of
from shared.eventlog.memory import MemoryBroker, MemoryLog
from shared.eventlog.postgres import PostgresLog
from shared.events import CloudEvent, decode

STREAM = "things.happened"
DEADLINE = 10.0


class World:
    """Processes that share one log; each ``process()`` is a connection of its own that can die."""

    def __init__(self, make: Callable[[], EventLog], wipe: Callable[[], Awaitable[None]]) -> None:
        self._make = make
        self.wipe = wipe
        self.logs: list[EventLog] = []

    def process(self) -> EventLog:
        self.logs.append(self._make())
        return self.logs[-1]


@pytest.fixture(params=["memory", "postgres"])
def bare_world(request: pytest.FixtureRequest) -> World:
    if request.param == "memory":
        broker = MemoryBroker()

        async def wipe_broker() -> None:
            broker.wipe()

        return World(lambda: MemoryLog(broker), wipe_broker)
    url: str = request.getfixturevalue("database_url")

    async def wipe_database() -> None:
        connection = await connect(url, name="wipe")
        await connection.execute("TRUNCATE log.stream, log.head, log.record")
        await connection.close()

    return World(lambda: PostgresLog(url, wakeups=Wakeups(url), lease_seconds=1.0), wipe_database)


@pytest.fixture
async def world(bare_world: World) -> AsyncIterator[World]:
    yield bare_world
    for log in bare_world.logs:
        await log.close()


def event(key: str, n: int, **data: Any) -> CloudEvent:
    return CloudEvent(
        id=f"{key}-{n}",
        type="inquiryrouter.thing.happened.v1",
        source="test",
        subject=key,
        key=key,
        time=datetime(2026, 3, 4, 9, tzinfo=UTC),
        data={"n": n} | data,
    )


def numbers(records: Sequence[Record], key: str) -> list[int]:
    return [decode(r.key, r.headers, r.value).data["n"] for r in records if r.key == key]


def after(records: Sequence[Record]) -> dict[int, int]:
    return {r.partition: r.position + 1 for r in records}


async def take(subscription: Subscription, count: int, *, commit: bool = True) -> list[Record]:
    """Poll until ``count`` records came."""
    records: list[Record] = []
    async with asyncio.timeout(DEADLINE):
        while len(records) < count:
            batch = await subscription.poll(limit=100, wait=0.5)
            if commit:
                await subscription.commit(after(batch))
            records += batch
    return records


async def drain(subscription: Subscription) -> list[Record]:
    records: list[Record] = []
    while batch := await subscription.poll(limit=100, wait=0):
        records += batch
    return records


KEYS = [f"key-{n}" for n in range(20)]


def test_the_keys_of_these_tests_fall_into_every_partition() -> None:
    assert {partition_of(key) for key in KEYS} == set(range(PARTITIONS))


async def test_records_of_one_key_come_in_the_order_of_publishing(world: World) -> None:
    log = world.process()
    for start in range(0, 30, 10):
        await log.publish(STREAM, [event(key, n) for n in range(start, start + 10) for key in KEYS])
    records = await take(await log.subscribe(STREAM, "readers"), 600)
    assert {key: numbers(records, key) for key in KEYS} == {key: list(range(30)) for key in KEYS}


async def test_writers_at_once_lose_nothing_and_positions_rise_by_partition(world: World) -> None:
    writers = [world.process() for _ in range(4)]
    await asyncio.gather(
        *(w.publish(STREAM, [event(k, 100 * i + n) for k in KEYS]) for n in range(10) for i, w in enumerate(writers))
    )
    records = await take(await writers[0].subscribe(STREAM, "readers"), 800)
    for part in range(PARTITIONS):
        positions = [r.position for r in records if r.partition == part]
        assert positions == sorted(set(positions))
    for key in KEYS:
        assert sorted(numbers(records, key)) == sorted(100 * i + n for i in range(4) for n in range(10))


async def test_a_record_carries_the_event_unchanged(world: World) -> None:
    log = world.process()
    given = event("kéy", 1, text="Grüße\nčau\t日本 🙂", nul="a\0b", deep={"x": [1.5, None, True]})
    await log.publish(STREAM, [given])
    (record,) = await take(await log.subscribe(STREAM, "readers"), 1)
    assert decode(record.key, record.headers, record.value) == given


@pytest.mark.parametrize("attribute", ["key", "subject", "id"])
@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
async def test_nul_and_half_characters_in_attributes_are_refused_before_anything_is_appended(
    world: World, attribute: str, text: str
) -> None:
    log = world.process()
    values = {"key": "k", "subject": "s", "id": "i"} | {attribute: text}
    bad = CloudEvent(type="t", source="test", time=datetime(2026, 3, 4, tzinfo=UTC), data={}, **values)
    with pytest.raises(Permanent):
        await log.publish(STREAM, [event("key", 1), bad])
    assert await drain(await log.subscribe(STREAM, "readers")) == []


async def test_half_characters_in_the_data_are_refused_before_anything_is_appended(world: World) -> None:
    log = world.process()
    with pytest.raises(Permanent):
        await log.publish(STREAM, [event("key", 1), event("key", 2, text="a\udfffb")])
    assert await drain(await log.subscribe(STREAM, "readers")) == []


async def test_publishing_nothing_is_nothing(world: World) -> None:
    log = world.process()
    await log.publish(STREAM, [])
    assert await drain(await log.subscribe(STREAM, "readers")) == []


async def test_what_was_not_committed_comes_again_after_a_crash(world: World) -> None:
    await world.process().publish(STREAM, [event("key", n) for n in range(10)])
    doomed = world.process()
    member = await doomed.subscribe(STREAM, "readers")
    batch = await member.poll(limit=4, wait=1)
    assert numbers(batch, "key") == [0, 1, 2, 3]
    await member.commit(after(batch))
    assert numbers(await member.poll(limit=3, wait=1), "key") == [4, 5, 6]
    await doomed.close()
    survivor = await world.process().subscribe(STREAM, "readers")
    assert numbers(await take(survivor, 6), "key") == [4, 5, 6, 7, 8, 9]


async def test_nothing_is_committed_unless_asked(world: World) -> None:
    log = world.process()
    await log.publish(STREAM, [event("key", 1)])
    first = await log.subscribe(STREAM, "readers")
    assert len(await take(first, 1, commit=False)) == 1
    await first.close()
    assert len(await take(await log.subscribe(STREAM, "readers"), 1)) == 1


async def test_rewind_delivers_again_what_was_polled_and_not_committed(world: World) -> None:
    log = world.process()
    await log.publish(STREAM, [event("key", n) for n in range(5)])
    member = await log.subscribe(STREAM, "readers")
    await member.commit(after(await member.poll(limit=2, wait=1)))
    assert numbers(await member.poll(limit=9, wait=1), "key") == [2, 3, 4]
    await member.rewind()
    assert numbers(await member.poll(limit=9, wait=1), "key") == [2, 3, 4]


async def test_groups_do_not_know_of_each_other(world: World) -> None:
    log = world.process()
    await log.publish(STREAM, [event("key", n) for n in range(3)])
    for group in ("one", "two"):
        assert numbers(await take(await log.subscribe(STREAM, group), 3), "key") == [0, 1, 2]


async def test_streams_do_not_know_of_each_other(world: World) -> None:
    log = world.process()
    await log.publish(STREAM, [event("key", 1)])
    await log.publish("other.stream", [event("key", 2)])
    assert numbers(await drain(await log.subscribe("other.stream", "readers")), "key") == [2]


async def _share(
    members: Sequence[Subscription], log: EventLog, done: Callable[[list[set[str]]], bool]
) -> list[set[str]]:
    """Publish and poll rounds until ``done`` with which keys each member saw in the last round."""
    async with asyncio.timeout(DEADLINE):
        round_ = 0
        while True:
            round_ += 1
            await log.publish(STREAM, [event(key, round_) for key in KEYS])
            seen: list[set[str]] = [set() for _ in members]
            for index, member in enumerate(members):
                records = await member.poll(limit=1000, wait=0.1)
                await member.commit(after(records))
                seen[index] = {r.key for r in records if numbers([r], r.key) == [round_]}
            if done(seen):
                return seen


async def test_two_members_of_a_group_share_the_keys(world: World) -> None:
    one, two = world.process(), world.process()
    members = [await one.subscribe(STREAM, "readers"), await two.subscribe(STREAM, "readers")]
    seen = await _share(members, one, lambda seen: all(seen) and set.union(*seen) == set(KEYS))
    assert not seen[0] & seen[1]


async def test_a_member_that_leaves_hands_its_keys_over(world: World) -> None:
    one, two = world.process(), world.process()
    stays, goes = await one.subscribe(STREAM, "readers"), await two.subscribe(STREAM, "readers")
    await _share([stays, goes], one, all)
    before = stays.fence
    await goes.close()
    await _share([stays], one, lambda seen: seen[0] == set(KEYS))
    assert stays.fence > before


async def test_a_dead_members_keys_move(world: World) -> None:
    one, two = world.process(), world.process()
    lives, dies = await one.subscribe(STREAM, "readers"), await two.subscribe(STREAM, "readers")
    await _share([lives, dies], one, all)
    await two.close()
    await _share([lives], one, lambda seen: seen[0] == set(KEYS))


async def test_who_lost_its_share_commits_nothing(world: World) -> None:
    one, two = world.process(), world.process()
    await one.publish(STREAM, [event("key", n) for n in range(3)])
    slept = await two.subscribe(STREAM, "readers")
    batch = await take(slept, 3, commit=False)
    await two.close()
    heir = await one.subscribe(STREAM, "readers")
    assert len(await take(heir, 3, commit=False)) == 3
    await slept.commit(after(batch))
    await heir.close()
    assert len(await take(await one.subscribe(STREAM, "readers"), 3)) == 3


async def test_lag_counts_what_is_not_committed(world: World) -> None:
    log = world.process()
    member = await log.subscribe(STREAM, "readers")
    assert await member.lag() == 0
    await log.publish(STREAM, [event(key, 1) for key in KEYS])
    assert await member.lag() == len(KEYS)
    records = await take(member, len(KEYS), commit=False)
    assert await member.lag() == len(KEYS)
    await member.commit(after(records))
    assert await member.lag() == 0


async def test_a_poll_waits_for_the_first_record_and_no_longer(world: World) -> None:
    log = world.process()
    member = await log.subscribe(STREAM, "readers")
    assert await member.poll(limit=1, wait=0.05) == []
    waiting = asyncio.create_task(member.poll(limit=5, wait=DEADLINE))
    await log.publish(STREAM, [event("key", 1)])
    assert numbers(await asyncio.wait_for(waiting, DEADLINE), "key") == [1]


async def test_a_poll_returns_no_more_than_its_limit_and_starves_no_partition(world: World) -> None:
    log = world.process()
    await log.publish(STREAM, [event(key, n) for n in range(20) for key in KEYS])
    member = await log.subscribe(STREAM, "readers")
    records: list[Record] = []
    for _ in range(40):
        batch = await member.poll(limit=10, wait=1)
        assert 0 < len(batch) <= 10
        records += batch
    assert {r.key for r in records} == set(KEYS)


async def test_a_tail_sees_what_is_new_without_group_or_memory(world: World) -> None:
    log = world.process()
    await log.publish(STREAM, [event("old", 1)])
    tails = [log.tail(STREAM), log.tail(STREAM)]
    firsts = [asyncio.ensure_future(anext(tail)) for tail in tails]
    async with asyncio.timeout(DEADLINE):
        round_ = 0
        while not all(first.done() for first in firsts):
            round_ += 1
            await log.publish(STREAM, [event("new", round_)])
            await asyncio.wait(firsts, timeout=0.1)
    assert {(await first).key for first in firsts} == {"new"}
    for tail in tails:
        await tail.aclose()


async def test_a_tail_from_the_start_sees_everything(world: World) -> None:
    log = world.process()
    await log.publish(STREAM, [event(key, n) for n in range(5) for key in KEYS])
    tail = log.tail(STREAM, from_end=False)
    records = [await asyncio.wait_for(anext(tail), DEADLINE) for _ in range(5 * len(KEYS))]
    assert {key: numbers(records, key) for key in KEYS} == {key: list(range(5)) for key in KEYS}
    await tail.aclose()


class Shelf:
    """Positions beside the outcome, as the router keeps them."""

    def __init__(self) -> None:
        self.loads: list[tuple[list[int], int, str]] = []
        self.stored: dict[tuple[str, int], int] = {}

    async def load(self, partitions: Sequence[int], *, fence: int, incarnation: str) -> Positions:
        self.loads.append((list(partitions), fence, incarnation))
        return {p: self.stored[incarnation, p] for p in partitions if (incarnation, p) in self.stored}


async def test_positions_in_an_external_store_win_over_the_committed_ones(world: World) -> None:
    log = world.process()
    await log.publish(STREAM, [event("key", n) for n in range(5)])
    shelf = Shelf()
    member = await log.subscribe(STREAM, "readers", positions=shelf)
    await take(member, 5)
    partitions, fence, incarnation = shelf.loads[-1]
    assert (partitions, fence) == (list(range(PARTITIONS)), member.fence)
    shelf.stored[incarnation, partition_of("key")] = 3
    await member.close()
    heir = await log.subscribe(STREAM, "readers", positions=shelf)
    assert numbers(await take(heir, 2), "key") == [3, 4]
    assert heir.fence == shelf.loads[-1][1] > fence
    shelf.stored[incarnation, partition_of("key")] = 1
    await heir.rewind()
    assert numbers(await take(heir, 4), "key") == [1, 2, 3, 4]


async def test_a_wiped_and_regrown_log_is_read_from_its_start(world: World) -> None:
    log = world.process()
    await log.publish(STREAM, [event("key", n) for n in range(5)])
    shelf = Shelf()
    plain = await log.subscribe(STREAM, "plain")
    fenced = await log.subscribe(STREAM, "fenced", positions=shelf)
    for member in (plain, fenced):
        await take(member, 5)
    await world.wipe()
    await log.publish(STREAM, [event("key", 7)])
    for member in (plain, fenced):
        assert numbers(await take(member, 1), "key") == [7]
    assert shelf.loads[0][2] != shelf.loads[-1][2]
