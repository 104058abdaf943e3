"""Log records that cannot be handled: kept raw with the reason, shown to people, replayable under their own id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import asyncpg

from shared.database.connection import translate
from shared.errors import Refused
from shared.eventlog.base import EventLog, Record
from shared.events import decode
from shared.telemetry import Metrics

_LONGEST_REASON = 500
_PUT = """
INSERT INTO log.quarantine (stage, stream, part, pos, key, headers, value, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (stage, stream, part, pos) DO NOTHING
"""
_COUNT = "SELECT stage, count(*) FILTER (WHERE replayed_at IS NULL) AS waiting FROM log.quarantine GROUP BY stage"


class Quarantine(Protocol):
    """Where a stage puts what it cannot handle."""

    async def put(self, stage: str, record: Record, reason: str) -> None:
        """Keep ``record``, durably; a second time is nothing.

        Raises:
            Temporary: not kept; the record must not be committed.
        """
        ...


class MemoryQuarantine:
    """For tests and simulation."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str, int, int], tuple[Record, str]] = {}

    async def put(self, stage: str, record: Record, reason: str) -> None:
        """See the port."""
        self.kept.setdefault((stage, record.stream, record.partition, record.position), (record, reason))


@dataclass(frozen=True, slots=True)
class Kept:
    """A record in quarantine, without its value."""

    id: int
    stage: str
    stream: str
    key: str
    headers: Mapping[str, Any]
    reason: str
    at: datetime
    replayed_at: datetime | None


class PostgresQuarantine:
    """The table ``log.quarantine``."""

    def __init__(self, pool: asyncpg.Pool, *, metrics: Metrics) -> None:
        self._pool = pool
        self._metrics = metrics

    async def put(self, stage: str, record: Record, reason: str) -> None:
        """See the port."""
        words = reason.replace("\0", "").encode(errors="replace").decode()[:_LONGEST_REASON]
        position = (record.stream, record.partition, record.position)
        with translate():
            await self._pool.execute(_PUT, stage, *position, record.key, dict(record.headers), record.value, words)
        await self.count()

    async def count(self) -> None:
        """Bring the metric up to what is in the table.

        Raises:
            DatabaseUnavailable: the metric is unchanged.
        """
        with translate():
            for row in await self._pool.fetch(_COUNT):
                self._metrics.quarantined.labels(row["stage"]).set(row["waiting"])

    async def list(self, *, limit: int = 50, after: int = 0) -> list[Kept]:
        """Those with an id above ``after``, oldest first.

        Raises:
            DatabaseUnavailable: PostgreSQL cannot be reached.
        """
        with translate():
            rows = await self._pool.fetch(
                "SELECT id, stage, stream, key, headers, reason, at, replayed_at FROM log.quarantine"
                " WHERE id > $1 ORDER BY id LIMIT $2",
                after,
                limit,
            )
        return [Kept(**dict(row)) for row in rows]

    async def replay(self, kept_id: int, log: EventLog) -> None:
        """Publish the record again under its own event id, so that whoever had handled it does nothing.

        Raises:
            Refused: ``not-found``.
            Undecodable: it is still no event of ours.
            Temporary: the database or the log is away; replay again.
        """
        with translate():
            row = await self._pool.fetchrow("SELECT * FROM log.quarantine WHERE id = $1", kept_id)
        if row is None:
            raise Refused("not-found")
        await log.publish(row["stream"], [decode(row["key"], row["headers"], row["value"])])
        with translate():
            await self._pool.execute("UPDATE log.quarantine SET replayed_at = now() WHERE id = $1", kept_id)
        await self.count()
