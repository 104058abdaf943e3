"""Questions to the cluster: what streams there are, where groups are in them, which incarnation each has.

A marker stream keeps, for ever, a random name for each stream, given when we make it: a stream that was lost and made
again has another name, whatever its positions say.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from shared.errors import LogUnavailable
from shared.eventlog.kafka.faults import bounded, why_not

MARKERS = "inquiry-router.incarnations"
_MARKERS = TopicPartition(MARKERS, 0)
_END_SECONDS = 2.0
_READ_MS = 500


class Control:
    """One connection for questions, made when it is needed and made anew after it failed."""

    def __init__(self, client: Mapping[str, Any], *, seconds: float) -> None:
        self._client = dict(client)
        self._seconds = seconds
        self._admin: AIOKafkaAdminClient | None = None
        self._reader: AIOKafkaConsumer | None = None
        self._turn = asyncio.Lock()

    async def streams(self) -> tuple[str, int, dict[str, list[dict[str, Any]]]]:
        """The cluster's id, how many brokers it has, and every stream with its partitions."""
        async with self._asking("looking at the streams") as admin:
            cluster = await admin.describe_cluster()
            found = await admin.describe_topics()
        partitions = {topic["topic"]: topic["partitions"] for topic in found if not topic["error_code"]}
        return cluster["cluster_id"] or "", len(cluster["brokers"]), partitions

    async def configuration(self, stream: str) -> dict[str, str]:
        """The settings of ``stream``."""
        async with self._asking(f"looking at {stream}") as admin:
            (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, stream)])
        code, message, _, _, entries = answer.resources[0]
        if code:
            raise LogUnavailable(f"looking at {stream}: {message or for_code(code).__name__}")
        return {entry[0]: entry[1] for entry in entries}

    async def create(
        self, stream: str, *, partitions: int, copies: int, configs: Mapping[str, str], trial: bool = False
    ) -> bool:
        """Make the stream, or only see whether it could be made; ``False`` if it is there.

        Raises:
            LogUnavailable: it was not made; says why.
        """
        new = NewTopic(stream, partitions, copies, topic_configs=dict(configs))
        async with self._asking(f"making {stream}") as admin:
            answer = await admin.create_topics([new], validate_only=trial)
        _, code, *message = answer.topic_errors[0]
        if code not in {0, TopicAlreadyExistsError.errno}:
            raise LogUnavailable(f"making {stream}: {(message and message[0]) or for_code(code).__name__}")
        return bool(code == 0)

    async def committed(self, group: str, stream: str, partitions: Sequence[int]) -> dict[int, tuple[int, str]]:
        """Where ``group`` is, with the note it left there."""
        asked = [TopicPartition(stream, part) for part in partitions]
        async with self._asking(f"looking at {group}") as admin:
            found = await admin.list_consumer_group_offsets(group, partitions=asked)
        return {place.partition: (at.offset, at.metadata) for place, at in found.items() if at.offset >= 0}

    async def members(self, group: str) -> int:
        """How many live members ``group`` has."""
        async with self._asking(f"looking at {group}") as admin:
            (answer,) = await admin.describe_consumer_groups([group])
        return len(answer.groups[0][5])

    async def reach(self, stream: str, partitions: Sequence[int]) -> tuple[dict[int, int], dict[int, int]]:
        """Per partition the position of the oldest record that is left, and the one that the next will have.

        Asked here and not by the members: their connections are busy waiting for records.
        """
        places = [TopicPartition(stream, part) for part in partitions]
        async with self._asking(f"measuring {stream}"):
            reader = await self._started_reader()
            first, ends = await reader.beginning_offsets(places), await reader.end_offsets(places)
        return _by_part(first), _by_part(ends)

    async def ends(self, stream: str, partitions: Sequence[int]) -> dict[int, int]:
        """Per partition the position that the next record will have."""
        places = [TopicPartition(stream, part) for part in partitions]
        async with self._asking(f"measuring {stream}"):
            return _by_part(await (await self._started_reader()).end_offsets(places))

    async def markers(self) -> dict[str, str]:
        """The incarnation of each stream that we made; the last word counts."""
        found: dict[str, str] = {}
        async with self._asking("reading the markers"):
            reader = await self._started_reader()
            at = (await reader.beginning_offsets([_MARKERS]))[_MARKERS]
            end = (await reader.end_offsets([_MARKERS]))[_MARKERS]
            reader.seek(_MARKERS, at)
            reader.resume(_MARKERS)
            while at < end:
                records = await reader.getmany(timeout_ms=_READ_MS)
                for record in records.get(_MARKERS, []):
                    found[_text(record.key)] = _text(record.value)
                at = await reader.position(_MARKERS)
            reader.pause(_MARKERS)
        return found

    async def close(self) -> None:
        """Let the connections go."""
        async with self._turn:
            await self._drop()

    @asynccontextmanager
    async def _asking(self, what: str) -> AsyncIterator[AIOKafkaAdminClient]:
        """One question at a time.

        Raises:
            LogUnavailable: no answer.
        """
        async with self._turn:
            try:
                async with bounded(self._seconds, what):
                    yield await self._started_admin()
            except BaseException:
                await self._drop()
                raise

    async def _started_admin(self) -> AIOKafkaAdminClient:
        if self._admin is None:
            self._admin = AIOKafkaAdminClient(**self._client)
            try:
                await self._admin.start()
            except KafkaError as error:
                raise LogUnavailable(await why_not(self._client)) from error
        return self._admin

    async def _started_reader(self) -> AIOKafkaConsumer:
        if self._reader is None:
            self._reader = AIOKafkaConsumer(auto_offset_reset="none", enable_auto_commit=False, **self._client)
            self._reader.assign([_MARKERS])
            self._reader.pause(_MARKERS)  # read only when asked for
            await self._reader.start()
        return self._reader

    async def _drop(self) -> None:
        admin, reader = self._admin, self._reader
        self._admin = self._reader = None
        with suppress(TimeoutError, KafkaError, OSError):
            async with asyncio.timeout(_END_SECONDS):
                if reader is not None:
                    await reader.stop()
                if admin is not None:
                    await admin.close()


def _by_part(found: Mapping[TopicPartition, int]) -> dict[int, int]:
    return {place.partition: pos for place, pos in found.items()}


def _text(value: bytes | None) -> str:
    return (value or b"").decode(errors="replace")
