"""Five traps of the client library that were seen losing or repeating records, and what is left of each."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any

import pytest

from bench.broker import Broker
from shared.errors import LogUnavailable
from shared.eventlog.encoding import PARTITIONS
from tests.shared.eventlog.conftest import World
from tests.shared.eventlog.kafka.conftest import HASTY, Shelf, collect, published

pytestmark = pytest.mark.system

STREAM = "things.happened"
KEYS = [f"key-{n}" for n in range(20)]


async def _restart(broker: Broker) -> None:
    await asyncio.to_thread(broker.start)


async def test_a_member_whose_stream_was_away_when_it_came_back_reads_on(broker: Broker, logs: Any) -> None:
    """Trap 1: it joined before the stream was there, had no partitions, and learned of none for minutes."""
    await _restart(broker)
    log = logs(broker.bootstrap)
    await published(log, STREAM, KEYS, range(5))
    member = await log.subscribe(STREAM, "readers")
    await collect(member, lambda seen: len(seen) == 100)
    broker.wipe()
    await _restart(broker)
    everything = {(key, 7) for key in KEYS}
    reading = asyncio.create_task(collect(member, everything.issubset))
    await published(log, STREAM, KEYS, range(7, 8))
    assert await reading == everything


async def test_a_wiped_log_that_outgrew_the_stored_positions_is_read_from_its_start(broker: Broker, logs: Any) -> None:
    """Trap 2: position 140 of another log is a position of this one too, once it has grown."""
    await _restart(broker)
    shelf = Shelf()
    reader, writer = logs(broker.bootstrap), logs(broker.bootstrap)
    await published(writer, STREAM, KEYS, range(7))
    member = await reader.subscribe(STREAM, "readers", positions=shelf)
    await collect(member, lambda seen: len(seen) == 140, kept=shelf.keep)
    broker.wipe()
    await _restart(broker)
    await published(writer, STREAM, KEYS, range(1_000, 1_015))
    seen = await collect(member, lambda seen: len(seen) >= 300, kept=shelf.keep)
    assert seen >= {(key, n) for key in KEYS for n in range(1_000, 1_015)}
    assert len({incarnation for _, incarnation in shelf.loads}) == 2


async def test_whoever_comes_back_only_after_the_log_has_grown_again_skips_nothing(broker: Broker, logs: Any) -> None:
    """Trap 2, for a reader that was not there when it happened."""
    await _restart(broker)
    shelf = Shelf()
    first = logs(broker.bootstrap)
    await published(first, STREAM, KEYS, range(7))
    member = await first.subscribe(STREAM, "readers", positions=shelf)
    await collect(member, lambda seen: len(seen) == 140, kept=shelf.keep)
    await member.close()
    broker.wipe()
    await _restart(broker)
    await published(first, STREAM, KEYS, range(1_000, 1_015))
    heir = await logs(broker.bootstrap).subscribe(STREAM, "readers", positions=shelf)
    assert len(await collect(heir, lambda seen: len(seen) >= 300, kept=shelf.keep)) == 300


async def test_a_fault_in_the_middle_of_a_batch_skips_no_partition(
    kafka_bootstrap: str, logs: Any, stream: str
) -> None:
    """Trap 3: what was fetched of all partitions counted as read when the work on the first had failed."""
    log = logs(kafka_bootstrap)
    await published(log, stream, KEYS, range(10))
    member = await log.subscribe(stream, "readers")
    batch = await _first(member)
    done = [record for record in batch if record.partition == batch[0].partition]
    await member.commit(World.after(done))
    await member.rewind()
    seen = await collect(member, lambda seen: len(seen) >= 200 - len(done))
    assert len(seen) == 200 - len(done)


async def test_a_poll_that_is_cancelled_loses_nothing(kafka_bootstrap: str, logs: Any, stream: str) -> None:
    """Trap 3, from the other side: fetched, counted as read, and given to nobody."""
    log = logs(kafka_bootstrap)
    member = await log.subscribe(stream, "readers")
    writing = asyncio.create_task(_drip(log, stream, 100))
    seen: set[tuple[str, int]] = set()
    dice = random.Random(4)
    async with asyncio.timeout(30):
        while len(seen) < 100:
            poll = asyncio.ensure_future(member.poll(limit=3, wait=0.5))
            await asyncio.wait([poll], timeout=dice.random() * 0.01)
            if not poll.done() and dice.random() < 0.5:
                poll.cancel()
            await asyncio.wait([poll])
            if not poll.cancelled():
                seen |= {(record.key, World.numbers([record], record.key)[0]) for record in poll.result()}
    await writing


async def test_publishing_and_committing_end_in_time_while_the_broker_is_away(broker: Broker, logs: Any) -> None:
    """Trap 4: with idempotence nothing expires; killed or frozen, the outcome is unknown after a bounded time."""
    await _restart(broker)
    log = logs(broker.bootstrap)
    await published(log, STREAM, KEYS, range(1))
    member = await log.subscribe(STREAM, "readers")
    batch = await _first(member)
    for leave, come_back in ((broker.freeze, broker.thaw), (broker.kill, broker.start)):
        leave()
        since = time.monotonic()
        with pytest.raises(LogUnavailable):
            await log.publish(STREAM, [World.event(key, 7) for key in KEYS])
        await member.commit(World.after(batch))
        assert time.monotonic() - since < 4 * HASTY.publish
        await asyncio.to_thread(come_back)
        await published(log, STREAM, KEYS, range(7, 8))
    seen = await collect(member, lambda seen: (KEYS[-1], 7) in seen and len(seen) >= len(KEYS))
    assert {(key, 7) for key in KEYS} <= seen


async def test_two_members_under_one_name_do_not_throw_each_other_out(
    kafka_bootstrap: str, logs: Any, stream: str
) -> None:
    """Trap 5: with a name of its own for each process, two of one name had 100 records delivered 3,116 times."""
    one, two = logs(kafka_bootstrap), logs(kafka_bootstrap)
    members = [await one.subscribe(stream, "readers"), await two.subscribe(stream, "readers")]
    await asyncio.gather(*(_settled(member, PARTITIONS // 2) for member in members))
    await published(one, stream, KEYS, range(5))
    deliveries = 0
    async with asyncio.timeout(20):
        while sum([await member.lag() for member in members]) or deliveries < 100:
            for member in members:
                batch = await member.poll(limit=200, wait=0.1)
                deliveries += len(batch)
                await member.commit(World.after(batch))
    for _ in range(10):
        deliveries += len(await members[0].poll(limit=200, wait=0.1)) + len(await members[1].poll(limit=200, wait=0.1))
    assert deliveries == 100


async def _first(member: Any) -> Any:
    async with asyncio.timeout(10):
        while not (batch := await member.poll(limit=200, wait=0.5)):
            pass
    return batch


async def _settled(member: Any, partitions: int) -> None:
    async with asyncio.timeout(10):
        while len(member._following) != partitions:
            await member.poll(limit=1, wait=0.1)


async def _drip(log: Any, stream: str, count: int) -> None:
    for n in range(count):
        await published(log, stream, [KEYS[n % len(KEYS)]], range(n, n + 1))
