"""Streams are made as they must be, a wrong one is told, and whatever is in them is read without a loop or a skip."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import NewTopic, RecordsToDelete

from shared.errors import LogUnavailable, Undecodable
from shared.eventlog.encoding import partition_of
from shared.eventlog.kafka.options import Access, Shape
from shared.events import decode
from shared.health import Health
from tests.shared.eventlog.conftest import World
from tests.shared.eventlog.kafka.conftest import Shelf, collect, published

pytestmark = pytest.mark.system

KEYS = [f"key-{n}" for n in range(20)]
WEEK = str(7 * 86_400_000)
RIGHT = {"retention.ms": WEEK, "cleanup.policy": "delete", "min.insync.replicas": "1"}


async def test_a_stream_is_made_with_its_partitions_and_a_week_of_retention(
    kafka_bootstrap: str, logs: Any, stream: str
) -> None:
    log = logs(kafka_bootstrap, watched=False, shape=Shape(partitions=5))
    await log.publish(stream, [World.event("key", 1)])
    _, _, streams = await log._control.streams()
    assert len(streams[stream]) == 5
    configuration = await log._control.configuration(stream)
    assert {name: configuration[name] for name in RIGHT} == RIGHT


@pytest.mark.parametrize(
    ("partitions", "configs", "told"),
    [
        (3, RIGHT, "has 3 partitions, KAFKA_PARTITIONS is 8"),
        (8, RIGHT | {"retention.ms": "3600000"}, f"retention.ms is 3600000, not {WEEK}"),
        (8, RIGHT | {"cleanup.policy": "compact"}, "cleanup.policy is compact, not delete"),
        (8, RIGHT | {"min.insync.replicas": "2"}, "min.insync.replicas is 2, not 1"),
    ],
)
async def test_a_stream_that_is_not_as_it_must_be_is_told_before_anybody_reads(
    kafka_bootstrap: str, logs: Any, admin: Any, stream: str, partitions: int, configs: dict[str, str], told: str
) -> None:
    await admin.create_topics([NewTopic(stream, partitions, 1, topic_configs=configs)])
    log = logs(kafka_bootstrap, watched=False)
    with pytest.raises(LogUnavailable, match=f"stream {stream} is not as it must be: {told}"):
        await log.subscribe(stream, "readers")
    with pytest.raises(LogUnavailable, match=told):
        await log.publish(stream, [World.event("key", 1)])


async def test_too_few_copies_are_told(kafka_bootstrap: str, logs: Any, stream: str) -> None:
    await logs(kafka_bootstrap, watched=False).publish(stream, [World.event("key", 1)])
    careful = logs(kafka_bootstrap, watched=False, shape=Shape(copies=3))
    with pytest.raises(LogUnavailable, match="has 1 replicas, KAFKA_REPLICATION is 3"):
        await careful.publish(stream, [World.event("key", 1)])


async def test_foreign_records_are_given_on_raw_and_hide_no_neighbour(
    kafka_bootstrap: str, logs: Any, stream: str
) -> None:
    log = logs(kafka_bootstrap)
    await log.publish(stream, [World.event("key", 1)])
    producer = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap)
    await producer.start()
    part = partition_of("key")
    foreign = [
        (None, b"no key, no headers", []),
        (b"\xff\xfe\x00", b"\xff\x00 no JSON", [("ce_id", b"\xff"), ("a\0b", b"\0")]),
        (b"tombstone", None, [("ce_id", b"x"), ("empty", b"")]),
    ]
    for key, value, headers in foreign:
        await producer.send_and_wait(stream, value, key, part, headers=headers)
    await producer.stop()
    await log.publish(stream, [World.event("key", 2)])
    member = await log.subscribe(stream, "readers")
    records: list[Any] = []
    async with asyncio.timeout(10):
        while len(records) < 5:
            records += await member.poll(limit=10, wait=1)
    assert [record.value for record in records[1:4]] == [b"no key, no headers", b"\xff\x00 no JSON", b""]
    for record in records[1:4]:
        with pytest.raises(Undecodable):
            decode(record.key, record.headers, record.value)
        assert "\0" not in record.key + "".join([*record.headers, *record.headers.values()])
    assert World.numbers(records[:1] + records[4:], "key") == [1, 2]


async def test_what_expired_unread_is_passed_over_to_the_oldest_record_left(
    kafka_bootstrap: str, logs: Any, admin: Any, stream: str
) -> None:
    log = logs(kafka_bootstrap)
    await published(log, stream, ["key"], range(10))
    member = await log.subscribe(stream, "readers")
    await member.commit(World.after(await member.poll(limit=2, wait=1)))
    await member.close()
    part = partition_of("key")
    await admin.delete_records({TopicPartition(stream, part): RecordsToDelete(6)})
    heir = await log.subscribe(stream, "readers")
    assert await collect(heir, lambda seen: len(seen) == 4) == {("key", n) for n in range(6, 10)}


async def test_records_that_are_gone_though_they_were_read_make_another_log(
    kafka_bootstrap: str, logs: Any, stream: str
) -> None:
    """A stream that somebody deleted and made again by hand, shorter than what was read of the old one."""
    log = logs(kafka_bootstrap)
    await published(log, stream, ["key"], range(3))
    shelf = Shelf()
    first = await log.incarnation(stream)
    shelf.stored = {(first, part): 100 for part in range(8)}
    with pytest.raises(LogUnavailable, match="ends before what was read"):
        await log.subscribe(stream, "readers", positions=shelf)
    member = await log.subscribe(stream, "readers", positions=shelf)
    assert len(await collect(member, lambda seen: len(seen) == 3)) == 3
    assert await log.incarnation(stream) != first


async def test_a_member_that_learns_of_nothing_is_replaced(kafka_bootstrap: str, logs: Any, stream: str) -> None:
    log = logs(kafka_bootstrap)
    member = await log.subscribe(stream, "readers")
    deaf = member._membership
    deaf.consumer.pause(*deaf.consumer.assignment())
    await published(log, stream, ["key"], range(3))
    assert len(await collect(member, lambda seen: len(seen) == 3)) == 3
    assert member._membership is not deaf


async def test_more_members_than_partitions_stay_as_they_are(kafka_bootstrap: str, logs: Any, stream: str) -> None:
    log = logs(kafka_bootstrap, shape=Shape(partitions=1))
    members = [await log.subscribe(stream, "readers"), await log.subscribe(stream, "readers")]
    async with asyncio.timeout(20):
        while sorted(len(member._following) for member in members) != [0, 1] or members[0].fence != members[1].fence:
            await asyncio.gather(*(member.poll(limit=1, wait=0.1) for member in members))
    before = [(member._membership, member.fence) for member in members]
    for _ in range(30):  # three times as long as a deaf member is suffered
        await asyncio.gather(*(member.poll(limit=1, wait=0.1) for member in members))
    assert [(member._membership, member.fence) for member in members] == before


async def test_a_fence_rises_although_the_broker_counts_from_the_start_again(
    kafka_bootstrap: str, logs: Any, stream: str
) -> None:
    log = logs(kafka_bootstrap)
    await published(log, stream, ["key"], range(3))
    shelf = Shelf(fence=50)
    member = await log.subscribe(stream, "readers", positions=shelf)
    assert member.fence == shelf.fence == 51
    assert len(await collect(member, lambda seen: len(seen) == 3)) == 3


async def test_a_sleeper_of_an_earlier_generation_does_not_raise_its_fence(
    kafka_bootstrap: str, logs: Any, stream: str
) -> None:
    log = logs(kafka_bootstrap)
    shelf = Shelf()
    member = await log.subscribe(stream, "readers", positions=shelf)
    shelf.fence = 50
    member._membership.consumer._coordinator.generation -= 1
    await member.rewind()
    with pytest.raises(LogUnavailable, match="another member has taken the share over"):
        await member.poll(limit=1, wait=0)
    assert shelf.fence == 50
    await collect(member, lambda _: member.fence == 51)  # a member again, it is believed


async def test_a_member_in_name_only_is_replaced_when_it_is_refused_again_and_again(
    kafka_bootstrap: str, logs: Any, stream: str
) -> None:
    log = logs(kafka_bootstrap)
    shelf = Shelf()
    member = await log.subscribe(stream, "readers", positions=shelf)
    ghost, prove = member._membership, member._starting._prove_membership

    async def never_for_the_ghost(membership: Any, parts: Any) -> None:
        if membership is ghost:
            await asyncio.sleep(0.05)  # the broker's answer takes time too
            raise LogUnavailable("another member has taken the share over")
        await prove(membership, parts)

    member._starting._prove_membership = never_for_the_ghost
    shelf.fence = 50
    await member.rewind()
    await published(log, stream, ["key"], range(3))
    assert len(await collect(member, lambda seen: len(seen) == 3)) == 3
    assert member._membership is not ghost


async def test_a_service_is_ready_when_it_is_a_member_and_the_streams_are_seen(
    kafka_bootstrap: str, logs: Any, stream: str
) -> None:
    health = Health()
    log = logs(kafka_bootstrap, health=health)
    assert not health.ready()[0]
    joining = asyncio.create_task(log.subscribe(stream, "readers"))
    async with asyncio.timeout(10):
        while health.ready()[1].get("log.streams") != "ok" or not joining.done():
            assert joining.done() or not health.ready()[0]
            await asyncio.sleep(0)
    ready, parts = health.ready()
    assert ready
    assert parts[f"log.readers.{stream}"] == "8 partitions"


async def test_an_absent_broker_is_told_from_one_that_answers(logs: Any) -> None:
    log = logs("", access=Access("127.0.0.1:1"), watched=False)
    with pytest.raises(LogUnavailable, match=r"127\.0\.0\.1:1 cannot be reached"):
        await log.subscribe("stream", "readers")
