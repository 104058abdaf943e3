"""The event log in PostgreSQL: the embedded default, and a good small production set-up.

Publishing is one statement that raises the heads of its partitions, in ascending order, and holds them until it is
committed: positions of a partition become readable in their order, and nobody waits for another partition.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import asyncpg
import structlog

from shared.database.connection import Held
from shared.database.wakeups import Wakeups
from shared.errors import LogUnavailable
from shared.eventlog.base import PositionStore, Record
from shared.eventlog.encoding import PARTITIONS, Encoded, encode
from shared.eventlog.reading import POLL_SECONDS, Cursor, heads, log_faults
from shared.eventlog.shares import ensure_stream, incarnation
from shared.eventlog.subscription import PostgresSubscription
from shared.events import CloudEvent
from shared.within import within

_log = structlog.get_logger(__name__)
_LEASE_SECONDS = 5.0
_TAIL_BATCH = 200
_PRUNE_BATCH = 1_000

_PUBLISH = """
WITH given AS (
    SELECT * FROM unnest($2::smallint[], $3::text[], $4::text[], $5::jsonb[], $6::bytea[])
        WITH ORDINALITY AS g (part, id, key, headers, value, n)
), counted AS (
    SELECT part, count(*) AS n FROM given GROUP BY part
), locked AS (
    SELECT part FROM log.head WHERE stream = $1 AND part = ANY ($2::smallint[]) ORDER BY part FOR UPDATE
), raised AS (
    UPDATE log.head h SET pos = h.pos + counted.n FROM locked JOIN counted USING (part)
    WHERE h.stream = $1 AND h.part = locked.part RETURNING h.part, h.pos - counted.n AS base
), appended AS (
    INSERT INTO log.record (stream, part, pos, id, key, headers, value)
    SELECT $1, part, base + row_number() OVER (PARTITION BY part ORDER BY n) - 1, id, key, headers, value
    FROM given JOIN raised USING (part) RETURNING 1
)
SELECT (SELECT count(*) FROM appended), pg_notify($7, '')
"""
_PRUNE = """
DELETE FROM log.record r USING (
    SELECT pos FROM log.record WHERE stream = $1 AND part = $2 ORDER BY pos LIMIT $4
) AS oldest
WHERE r.stream = $1 AND r.part = $2 AND r.pos = oldest.pos AND r.at < now() - $3 * interval '1 day'
"""


class PostgresLog:
    """See the port. Each stream has one publishing stage, so each has one connection to publish on."""

    def __init__(self, url: str, *, wakeups: Wakeups, lease_seconds: float = _LEASE_SECONDS) -> None:
        self._url = url
        self._wakeups = wakeups
        self._lease_seconds = lease_seconds
        self._publishers: dict[str, Held] = {}
        self._members: list[PostgresSubscription] = []

    async def publish(self, stream: str, events: Sequence[CloudEvent]) -> None:
        """See the port."""
        records = [encode(event) for event in events]
        if not records:
            return
        if stream not in self._publishers:
            self._publishers[stream] = Held(self._url, name=f"publish {stream}", hot=True)
        with log_faults():
            async with self._publishers[stream].use() as connection:
                if await _append(connection, stream, records) < len(records):
                    # The stream is new, or was wiped: what got in comes twice, under the same ids.
                    await ensure_stream(connection, stream)
                    await _append(connection, stream, records)

    async def subscribe(
        self, stream: str, group: str, *, positions: PositionStore | None = None
    ) -> PostgresSubscription:
        """See the port.

        Raises:
            LogUnavailable: the database cannot be reached.
        """
        member = PostgresSubscription(
            self._url,
            stream,
            group,
            hint=self._wakeups.subscribe(channel(stream)),
            lease_seconds=self._lease_seconds,
            positions=positions,
        )
        try:
            await member.join()
        except BaseException:
            await member.abandon()
            raise
        self._members.append(member)
        return member

    async def incarnation(self, stream: str) -> str:
        """See the port."""
        held = Held(self._url, name="log")
        try:
            with log_faults():
                async with held.use() as connection:
                    return await incarnation(connection, stream)
        finally:
            await held.close()

    async def tail(self, stream: str, *, from_end: bool = True) -> AsyncIterator[Record]:
        """See the port; the end is where it is at the first ``anext``. While the database is away, it waits."""
        hint = self._wakeups.subscribe(channel(stream))
        held = Held(self._url, name=f"tail {stream}", hot=True)
        cursor: Cursor | None = None
        try:
            while True:
                hint.clear()
                records: list[Record] = []
                try:
                    with log_faults():
                        async with held.use() as connection:
                            if cursor is None:
                                ends = await heads(connection, stream) if from_end else {}
                                cursor = Cursor(stream, {part: ends.get(part, 0) for part in range(PARTITIONS)})
                            records = await cursor.read(connection, _TAIL_BATCH)
                except LogUnavailable as error:
                    _log.warning("log.tail_waits", stream=stream, error=str(error))
                    await asyncio.sleep(error.retry_after)
                for record in records:
                    yield record
                if not records:
                    async with within(POLL_SECONDS):
                        await hint.wait()
        finally:
            await held.close()

    async def forget_members(self) -> None:
        """Take every lease away: for a start that knows every earlier process to be dead.

        Raises:
            LogUnavailable: the database cannot be reached.
        """
        await self._once("DELETE FROM log.member")

    async def prune(self, days: float) -> int:
        """Delete records older than ``days``, read or not; returns how many.

        Raises:
            LogUnavailable: the database cannot be reached.
        """
        held = Held(self._url, name="prune", hot=True)
        total = 0
        try:
            with log_faults():
                async with held.use() as connection:
                    for row in await connection.fetch("SELECT stream, part FROM log.head"):
                        total += await _prune(connection, row["stream"], row["part"], days)
        finally:
            await held.close()
        return total

    async def close(self) -> None:
        """See the port."""
        for member in self._members:
            await member.abandon()
        for held in self._publishers.values():
            await held.close()

    async def _once(self, statement: str) -> None:
        held = Held(self._url, name="log")
        try:
            with log_faults():
                async with held.use() as connection:
                    await connection.execute(statement)
        finally:
            await held.close()


def channel(stream: str) -> str:
    """The NOTIFY channel that hints at new records of ``stream``."""
    return "log_" + stream.replace(".", "_")


async def _append(connection: asyncpg.Connection, stream: str, records: Sequence[Encoded]) -> int:
    appended: int = await connection.fetchval(
        _PUBLISH,
        stream,
        [record.partition for record in records],
        [record.id for record in records],
        [record.key for record in records],
        [record.headers for record in records],
        [record.value for record in records],
        channel(stream),
    )
    return appended


async def _prune(connection: asyncpg.Connection, stream: str, part: int, days: float) -> int:
    total = 0
    while True:
        status = await connection.execute(_PRUNE, stream, part, days, _PRUNE_BATCH)
        deleted = int(status.rpartition(" ")[2])
        total += deleted
        if deleted < _PRUNE_BATCH:
            return total
