"""Log records that cannot be handled: kept raw with the reason until a person has looked at them.

What people do with them is ``shared.quarantine_desk``.
"""

from __future__ import annotations

from typing import Protocol

import asyncpg

from shared import record_row
from shared.database.connection import translate
from shared.eventlog.base import Record
from shared.events import CLASSIFIED, RECEIVED
from shared.telemetry import Metrics

_PUT = f"""
INSERT INTO log.quarantine AS kept (stage, reason, tries, {record_row.COLUMNS})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT (stage, stream, digest) DO UPDATE SET
    part = excluded.part, pos = excluded.pos, reason = excluded.reason, tries = excluded.tries,
    last_at = clock_timestamp(), replayed_at = NULL, version = kept.version + 1
"""
PRUNE = """
DELETE FROM log.quarantine WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM log.quarantine WHERE replayed_at < now() - $1::interval
    ORDER BY replayed_at LIMIT $2 FOR UPDATE SKIP LOCKED
)) RETURNING true
"""
_ON_THE_WAY = ", ".join(f"'{stream}'" for stream in (RECEIVED, CLASSIFIED))
_COUNT = "SELECT stage, count(*) FILTER (WHERE replayed_at IS NULL) AS waiting FROM log.quarantine GROUP BY stage"


def holds(inquiry: str) -> str:
    """SQL: whether a record that would bring ``inquiry`` (a column of ids) to the router waits for a person."""
    return (
        f"EXISTS (SELECT FROM log.quarantine AS kept WHERE kept.subject = {inquiry}::text"
        f" AND kept.stream IN ({_ON_THE_WAY}) AND kept.replayed_at IS NULL)"
    )


class Quarantine(Protocol):
    """Where a stage puts what it cannot handle."""

    async def put(self, stage: str, record: Record, reason: str, *, tries: int = 1) -> None:
        """Keep ``record``, durably, after so many ``tries``; the same fact again is the same entry, which waits again.

        Raises:
            Temporary: not kept; the record must not be committed.
        """
        ...

    async def count(self) -> None:
        """Bring the metric up to what is kept.

        Raises:
            Temporary: the metric is unchanged.
        """
        ...


class MemoryQuarantine:
    """For tests and simulation."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str, bytes], tuple[Record, str]] = {}

    async def put(self, stage: str, record: Record, reason: str, *, tries: int = 1) -> None:
        """See the port."""
        del tries
        self.kept[stage, record.stream, record_row.digest(record)] = (record, reason)

    async def count(self) -> None:
        """See the port; nobody reads a metric of it."""


class PostgresQuarantine:
    """The table ``log.quarantine``."""

    def __init__(self, pool: asyncpg.Pool, *, metrics: Metrics) -> None:
        self._pool = pool
        self._metrics = metrics

    async def put(self, stage: str, record: Record, reason: str, *, tries: int = 1) -> None:
        """See the port."""
        with translate():
            await self._pool.execute(_PUT, stage, record_row.reason_of(reason), tries, *record_row.columns(record))
        await self.count()

    async def count(self) -> None:
        """See the port."""
        with translate():
            for row in await self._pool.fetch(_COUNT):
                self._metrics.quarantined.labels(row["stage"]).set(row["waiting"])
