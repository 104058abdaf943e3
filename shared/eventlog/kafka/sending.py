"""One idempotent producer: every record acknowledged by all replicas, or its fate unknown after a bounded time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.errors import LogUnavailable
from shared.eventlog.kafka.faults import bounded, told, why_not

_LARGEST_BATCH = 131_072
_METADATA_MS = 5_000
_END_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record on its way."""

    partition: int
    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]] = ()


class Sending:
    """Makes its producer when it is needed, and anew after it failed: what an old one still held is not sent twice."""

    def __init__(self, client: Mapping[str, Any], *, seconds: float) -> None:
        self._client = dict(client)
        self._seconds = seconds
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()

    async def send(self, stream: str, records: Sequence[Outgoing]) -> None:
        """Append ``records`` in this order; returns when all replicas have them.

        Raises:
            LogUnavailable: any of them may be on the log, now or later.
        """
        producer: AIOKafkaProducer | None = None
        try:
            async with bounded(self._seconds, f"publishing to {stream}"):
                producer = await self._started()
                futures = [
                    await producer.send(stream, one.value, one.key, one.partition, headers=list(one.headers))
                    for one in records
                ]
                await asyncio.wait(futures)
            faults = [error for future in futures if (error := future.exception()) is not None]
        except BaseException:
            if producer is not None:
                await self._abandon(producer)
            raise
        if faults:
            await self._abandon(producer)
            raise LogUnavailable(f"publishing to {stream}: {told(faults[0])}") from faults[0]

    async def close(self) -> None:
        """Send nothing more."""
        if self._producer is not None:
            await self._abandon(self._producer)

    async def _started(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    acks="all",
                    enable_idempotence=True,
                    linger_ms=0,
                    max_batch_size=_LARGEST_BATCH,
                    metadata_max_age_ms=_METADATA_MS,
                    **self._client,
                )
                try:
                    await producer.start()
                except KafkaError as error:
                    await _end(producer)
                    raise LogUnavailable(await why_not(self._client)) from error
                except BaseException:
                    await _end(producer)
                    raise
                self._producer = producer
            return self._producer

    async def _abandon(self, producer: AIOKafkaProducer) -> None:
        if self._producer is producer:
            self._producer = None
        await _end(producer)


async def _end(producer: AIOKafkaProducer) -> None:
    """``stop`` alone waits for ever for records that no broker takes: first nobody sends them any more."""
    sender = producer._sender.sender_task  # noqa: SLF001  # there is no other way
    if sender is not None:
        sender.cancel()
    with suppress(TimeoutError, KafkaError, OSError):
        async with asyncio.timeout(_END_SECONDS):
            await producer.client.close()
            await producer.stop()
