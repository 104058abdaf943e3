"""One life of one member of a group: joined, told of its share by the group, left within seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition

from shared.errors import LogUnavailable
from shared.eventlog.kafka.faults import bounded, why_not
from shared.eventlog.kafka.options import Patience
from shared.within import within

_METADATA_MS = 5_000
_HEARTBEATS = 12
_END_SECONDS = 2.0
_ending: set[asyncio.Task[None]] = set()


class Share(ConsumerRebalanceListener):  # type: ignore[misc]  # the library has no types
    """What the group says last: the partitions, and a number that changes with every word.

    Nothing is done while the group rearranges itself: what was read of a share that is gone is dropped by its reader,
    and guarded by the fence where it was worked on.
    """

    def __init__(self) -> None:
        self.partitions: frozenset[int] | None = None
        self.changes = 0
        self.changed = asyncio.Event()

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:  # noqa: ARG002  # all are
        self._say(None)

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self._say(frozenset(place.partition for place in assigned))

    def _say(self, partitions: frozenset[int] | None) -> None:
        self.partitions = partitions
        self.changes += 1
        self.changed.set()
        self.changed = asyncio.Event()


class Membership:
    """A consumer of one stream in one group; made by ``join``."""

    def __init__(self, consumer: AIOKafkaConsumer, share: Share) -> None:
        self.consumer = consumer
        self.share = share

    @classmethod
    async def join(cls, client: Mapping[str, Any], stream: str, group: str, patience: Patience) -> Membership:
        """Become a member, and wait for the first share.

        Raises:
            LogUnavailable: not in time; nothing is left behind.
        """
        consumer = AIOKafkaConsumer(
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="none",
            session_timeout_ms=round(patience.session * 1_000),
            heartbeat_interval_ms=round(patience.session * 1_000 / _HEARTBEATS),
            metadata_max_age_ms=_METADATA_MS,
            **client,
        )
        share = Share()
        consumer.subscribe([stream], listener=share)
        try:
            async with bounded(patience.join, f"joining {group}"):
                await consumer.start()
                while share.partitions is None:
                    async with within(patience.join):
                        await share.changed.wait()
        except LogUnavailable as error:
            await end(consumer)
            raise LogUnavailable(f"{error}; {await why_not(dict(client))}") from error
        except BaseException:
            await end(consumer)
            raise
        return cls(consumer, share)

    @property
    def generation(self) -> int:
        """How often the group has rearranged itself; the library keeps it to itself."""
        generation: int = self.consumer._coordinator.generation  # noqa: SLF001
        return generation

    async def leave(self) -> None:
        """Leave the group, so that others take the share over at once."""
        await end(self.consumer)


async def end(consumer: AIOKafkaConsumer) -> None:
    """Stop ``consumer``; if no broker listens, it goes on ending by itself."""
    ending = asyncio.create_task(_stop(consumer))
    _ending.add(ending)
    ending.add_done_callback(_ending.discard)
    await asyncio.wait([ending], timeout=_END_SECONDS)


async def _stop(consumer: AIOKafkaConsumer) -> None:
    with suppress(Exception):  # it ends either way; what was wrong was told before
        await consumer.stop()
