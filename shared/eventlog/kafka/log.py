"""The event log on Kafka; see the port."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

from shared.errors import LogUnavailable
from shared.eventlog.base import PositionStore, Record
from shared.eventlog.encoding import encode, partition_of
from shared.eventlog.kafka.control import MARKERS, Control
from shared.eventlog.kafka.options import Access, Patience, Shape
from shared.eventlog.kafka.sending import Outgoing, Sending
from shared.eventlog.kafka.streams import Streams
from shared.eventlog.kafka.subscription import KafkaSubscription
from shared.eventlog.kafka.tail import follow
from shared.events import CloudEvent
from shared.health import Health

_NAME = "log"
_SEEN = "log.streams"
_LOOK_SECONDS = 2.0


class KafkaLog:
    """See the port. Connects when it is first used; ``watch`` keeps an eye on the brokers for as long as it runs."""

    name = _NAME

    def __init__(
        self,
        access: Access,
        *,
        shape: Shape | None = None,
        patience: Patience | None = None,
        health: Health | None = None,
    ) -> None:
        if not logging.getLogger().isEnabledFor(logging.DEBUG):
            logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what is wrong is told here, once and in words
        self._shape = shape or Shape()
        self._patience = patience or Patience()
        self._health = health or Health()
        self._client = access.client()
        self._control = Control(self._client, seconds=self._patience.ask)
        self._sending = Sending(self._client, seconds=self._patience.publish)
        self._streams = Streams(self._control, self._shape, self._mark)
        self._members: list[KafkaSubscription] = []
        self._health.set(_SEEN, False, "not seen yet")

    async def publish(self, stream: str, events: Sequence[CloudEvent]) -> None:
        """See the port."""
        records = [encode(event) for event in events]
        if not records:
            return
        await self._streams.incarnation(stream)
        outgoing = [
            Outgoing(
                partition_of(record.key, self._shape.partitions),
                record.key.encode(),
                record.value,
                [(name, value.encode()) for name, value in record.headers.items()],
            )
            for record in records
        ]
        try:
            await self._sending.send(stream, outgoing)
        except LogUnavailable:
            self._streams.forget()
            raise

    async def subscribe(self, stream: str, group: str, *, positions: PositionStore | None = None) -> KafkaSubscription:
        """See the port.

        Raises:
            LogUnavailable: the group cannot be joined.
        """
        member = KafkaSubscription(
            self._client,
            stream,
            f"{group}.{stream}",  # groups of one name on two streams do not know of each other
            streams=self._streams,
            control=self._control,
            patience=self._patience,
            positions=positions,
            health=self._health,
        )
        try:
            await member.join()
        except BaseException:
            await member.close()
            raise
        self._members.append(member)
        return member

    async def incarnation(self, stream: str) -> str:
        """See the port."""
        return await self._streams.incarnation(stream)

    async def tail(self, stream: str, *, from_end: bool = True) -> AsyncIterator[Record]:
        """See the port; the end is where it is at the first ``anext``. While the brokers are away, it waits."""
        records = follow(
            self._client, stream, streams=self._streams, partitions=self._shape.partitions, from_end=from_end
        )
        async with aclosing(records):
            async for record in records:
                yield record

    async def run(self) -> None:
        """Look at the streams every two seconds until cancelled, and make those that were lost.

        Raises:
            LogUnavailable: they cannot be seen, or are not as they must be; says why.
        """
        while True:
            await self._streams.look()
            self._health.set(_SEEN, True)
            await asyncio.sleep(_LOOK_SECONDS)

    async def close(self) -> None:
        """See the port; what is still a member leaves its group."""
        await asyncio.gather(*(member.close() for member in self._members))
        await self._sending.close()
        await self._control.close()

    async def _mark(self, stream: str, incarnation: str) -> None:
        await self._sending.send(MARKERS, [Outgoing(0, stream.encode(), incarnation.encode())])
