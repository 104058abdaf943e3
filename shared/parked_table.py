"""Parked records in PostgreSQL: the table ``log.parked``. Times are the database's, which all members share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from shared import record_row
from shared.database.connection import translate
from shared.parking import LEASE, Parked, Waiting
from shared.telemetry import Metrics

_MOST_AT_ONCE = 200
"""Records of one key that are claimed together: what can be worked on within a lease."""

_PARK = f"""
INSERT INTO log.parked (stage, reason, tries, due_at, {record_row.COLUMNS})
SELECT $1, given.reason, given.tries, clock_timestamp() + $2, {record_row.COLUMNS}
FROM unnest($3::text[], $4::int[], {record_row.ARRAYS.format(*(f"${n}" for n in range(5, 15)))})
    WITH ORDINALITY AS given (reason, tries, {record_row.COLUMNS}, n) ORDER BY n
ON CONFLICT (stage, stream, digest) DO NOTHING
"""
_KEYS = "SELECT DISTINCT key FROM log.parked WHERE stage = $1"

# Only the first record of a key decides: who has its lease has the key, and nobody who comes later can be first.
_CLAIM = """
WITH first AS (
    SELECT id, key FROM log.parked AS p
    WHERE stage = $1 AND due_at <= clock_timestamp()
        AND (leased_until IS NULL OR leased_until < clock_timestamp())
        AND NOT EXISTS (SELECT FROM log.parked AS e WHERE e.stage = p.stage AND e.key = p.key AND e.id < p.id)
    ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
), chain AS (
    SELECT p.id FROM log.parked AS p JOIN first ON p.stage = $1 AND p.key = first.key AND p.id >= first.id
    ORDER BY p.id LIMIT $3
)
UPDATE log.parked AS p SET leased_until = clock_timestamp() + $2 FROM chain WHERE p.id = chain.id RETURNING p.*
"""
_RELEASE = "UPDATE log.parked SET leased_until = NULL WHERE id = ANY($1::bigint[])"
_REMOVE = "DELETE FROM log.parked WHERE id = $1"
_POSTPONE = """
UPDATE log.parked SET tries = tries + 1, reason = $2, due_at = clock_timestamp() + $3, leased_until = NULL WHERE id = $1
"""
_LIST = """
SELECT id, stage, stream, part, pos, key, event_id, type, subject, reason, tries, at, due_at,
    EXISTS (SELECT FROM log.parked AS e WHERE e.stage = p.stage AND e.key = p.key AND e.id < p.id) AS behind
FROM log.parked AS p WHERE id > $1 AND ($3::text IS NULL OR stage = $3) ORDER BY id LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """A parked record without its value; ``behind``: another of its key is tried first."""

    id: int
    stage: str
    stream: str
    part: int
    pos: int
    key: str
    event_id: str | None
    type: str | None
    subject: str | None
    reason: str | None
    tries: int
    at: datetime
    due_at: datetime
    behind: bool


class PostgresParking:
    """See the port."""

    def __init__(self, pool: asyncpg.Pool, *, metrics: Metrics) -> None:
        self._pool = pool
        self._metrics = metrics

    async def keys(self, stage: str) -> set[str]:
        """See the port."""
        with translate():
            return {row["key"] for row in await self._pool.fetch(_KEYS, stage)}

    async def park(self, stage: str, waiting: Sequence[Waiting], *, wait: timedelta) -> None:
        """See the port."""
        if not waiting:
            return
        reasons = [None if one.reason is None else record_row.reason_of(one.reason) for one in waiting]
        columns = zip(*(record_row.columns(one.record) for one in waiting), strict=True)
        with translate():
            await self._pool.execute(_PARK, stage, wait, reasons, [one.tries for one in waiting], *map(list, columns))
        await self.count()

    async def claim(self, stage: str) -> list[Parked]:
        """See the port."""
        with translate():
            rows = await self._pool.fetch(_CLAIM, stage, LEASE, _MOST_AT_ONCE)
        return [_parked(row) for row in sorted(rows, key=lambda row: int(row["id"]))]

    async def release(self, parked: Iterable[Parked]) -> None:
        """See the port."""
        with translate():
            await self._pool.execute(_RELEASE, [one.id for one in parked])

    async def remove(self, parked: Parked) -> None:
        """See the port."""
        with translate():
            await self._pool.execute(_REMOVE, parked.id)

    async def postpone(self, parked: Parked, *, reason: str, wait: timedelta) -> None:
        """See the port."""
        with translate():
            await self._pool.execute(_POSTPONE, parked.id, record_row.reason_of(reason), wait)

    async def count(self) -> None:
        """See the port."""
        with translate():
            self._metrics.parked.set(await self._pool.fetchval("SELECT count(*) FROM log.parked"))

    async def list(self, *, limit: int = 50, after: int = 0, stage: str | None = None) -> list[Shown]:
        """Those with an id above ``after``, oldest first, for people.

        Raises:
            DatabaseUnavailable: PostgreSQL cannot be reached.
        """
        with translate():
            rows = await self._pool.fetch(_LIST, after, limit, stage)
        return [Shown(**dict(row)) for row in rows]


def _parked(row: Any) -> Parked:
    return Parked(
        row["id"], row["stage"], record_row.record_of(row), row["reason"], row["tries"], row["at"], row["due_at"]
    )
