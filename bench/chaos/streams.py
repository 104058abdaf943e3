"""What is on the log, read past the product: every record of every stream, and how far each group says it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from bench.chaos.checker.dump import Progress, Record

STREAMS = ("inquiries.received", "inquiries.classified", "routing.events")
GROUPS = ("classifier", "ingest.status")
_POLL_MS = 2_000
_RECORDS = (
    "SELECT stream, part, pos, id, key, headers FROM log.record WHERE stream = ANY($1) ORDER BY stream, part, pos"
)
# The router's own positions stand beside what it made of the records; the log's are a hint there.
_POSITIONS = "SELECT grp, stream, part, pos FROM log.position WHERE grp = ANY($1)"


async def from_postgres(url: str) -> tuple[list[Record], list[Progress]]:
    """The log in PostgreSQL."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(_RECORDS, list(STREAMS))
        positions = await connection.fetch(_POSITIONS, list(GROUPS))
    finally:
        await connection.close()
    records = [record(s, part, pos, key, json.loads(headers)) for s, part, pos, _, key, headers in rows]
    return records, [Progress(group=g, stream=s, partition=part, committed=pos) for g, s, part, pos in positions]


async def from_kafka(bootstrap: str) -> tuple[list[Record], list[Progress]]:
    """The log on Kafka."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        shapes = await admin.describe_topics(list(STREAMS))
        places = [TopicPartition(one["topic"], part["partition"]) for one in shapes for part in one["partitions"]]
        return await _everything(consumer, places), [one for group in GROUPS for one in await _committed(admin, group)]
    finally:
        await admin.close()
        await consumer.stop()


async def _everything(consumer: Any, places: list[TopicPartition]) -> list[Record]:
    consumer.assign(places)
    ends = await consumer.end_offsets(places)
    found: list[Record] = []
    while any([await consumer.position(place) < end for place, end in ends.items()]):
        for place, batch in (await consumer.getmany(timeout_ms=_POLL_MS)).items():
            for one in batch:
                headers = {name: value.decode() for name, value in one.headers}
                found.append(record(place.topic, place.partition, one.offset, one.key.decode(), headers))
    return found


async def _committed(admin: Any, group: str) -> list[Progress]:
    offsets = await admin.list_consumer_group_offsets(group)
    return [
        Progress(group=group, stream=place.topic, partition=place.partition, committed=found.offset)
        for place, found in offsets.items()
    ]


def record(stream: str, partition: int, position: int, key: str, headers: Mapping[str, Any]) -> Record:
    """A record by its CloudEvents headers."""
    sequence = headers.get("sequence")
    return Record(
        stream=stream,
        partition=partition,
        position=position,
        id=headers["ce_id"],
        key=key,
        subject=headers["ce_subject"],
        type=headers["ce_type"].removeprefix("inquiryrouter.").removesuffix(".v1"),
        sequence=int(sequence) if sequence is not None else None,
    )
