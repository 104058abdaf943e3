"""Every record of a stream to whoever asks: no group, no memory, no end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.errors import LogUnavailable
from shared.eventlog.base import Record
from shared.eventlog.kafka.faults import bounded
from shared.eventlog.kafka.membership import end
from shared.eventlog.kafka.reading import as_records
from shared.eventlog.kafka.streams import Streams

_log = structlog.get_logger(__name__)
_WAIT_MS = 1_000
_BATCH = 200
_START_SECONDS = 10.0
_REST_SECONDS = 1.0


async def follow(
    client: Mapping[str, Any], stream: str, *, streams: Streams, partitions: int, from_end: bool
) -> AsyncGenerator[Record, None]:
    """The records, from the end or the start; another incarnation of the stream is read from its start."""
    incarnation: str | None = None
    following: dict[int, int] = {}
    while True:
        consumer = AIOKafkaConsumer(auto_offset_reset="none", enable_auto_commit=False, **client)
        consumer.assign([TopicPartition(stream, part) for part in range(partitions)])
        try:
            known = await streams.incarnation(stream)
            async with bounded(_START_SECONDS, f"following {stream}"):
                await consumer.start()
                if known != incarnation:
                    following = await _beginning(consumer, at_end=from_end and incarnation is None)
                    incarnation = known
            for part, pos in following.items():
                consumer.seek(TopicPartition(stream, part), pos)
            while streams.known(stream) == incarnation:
                fetched = await consumer.getmany(timeout_ms=_WAIT_MS, max_records=_BATCH)
                for record in as_records(one for batch in fetched.values() for one in batch):
                    following[record.partition] = record.position + 1
                    yield record
        except (LogUnavailable, KafkaError) as error:
            _log.warning("log.tail_waits", stream=stream, error=str(error))
            streams.forget()
            await asyncio.sleep(_REST_SECONDS)
        finally:
            await end(consumer)


async def _beginning(consumer: AIOKafkaConsumer, *, at_end: bool) -> dict[int, int]:
    places = list(consumer.assignment())
    found = await (consumer.end_offsets if at_end else consumer.beginning_offsets)(places)
    return {place.partition: pos for place, pos in found.items()}
