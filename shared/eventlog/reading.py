"""Reading records out of PostgreSQL: one statement for all partitions, positions remembered by the reader."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from shared.errors import DatabaseUnavailable, LogUnavailable
from shared.eventlog.base import Record

_READ = """
SELECT r.part, r.pos, r.key, r.headers, r.value
FROM unnest($2::smallint[], $3::bigint[]) AS reader (part, pos)
CROSS JOIN LATERAL (
    SELECT part, pos, key, headers, value FROM log.record
    WHERE stream = $1 AND part = reader.part AND pos >= reader.pos ORDER BY pos LIMIT $4
) AS r
LIMIT $4
"""
_HEADS = "SELECT part, pos FROM log.head WHERE stream = $1"

POLL_SECONDS = 0.25
"""How long a lost hint can delay a reader."""


@contextmanager
def log_faults() -> Iterator[None]:
    """The database's absence is the log's absence."""
    try:
        yield
    except DatabaseUnavailable as error:
        raise LogUnavailable(str(error)) from error


class Cursor:
    """Where a reader is in each of its partitions; partitions take turns at being first."""

    def __init__(self, stream: str, following: dict[int, int]) -> None:
        self._stream = stream
        self._following = following

    @property
    def partitions(self) -> list[int]:
        return list(self._following)

    async def read(self, connection: asyncpg.Connection, limit: int) -> list[Record]:
        """The next ``limit`` records at most, in order per partition."""
        if not self._following:
            return []
        parts, positions = list(self._following), list(self._following.values())
        rows = await connection.fetch(_READ, self._stream, parts, positions, limit)
        records = [Record(self._stream, row[0], row[1], row[2], row[3], row[4]) for row in rows]
        for record in records:
            self._following[record.partition] = record.position + 1
        if records:
            first = parts[0]
            self._following[first] = self._following.pop(first)
        return records


async def heads(connection: asyncpg.Connection, stream: str) -> dict[int, int]:
    """Per partition the position that the next record will have."""
    return {row["part"]: row["pos"] for row in await connection.fetch(_HEADS, stream)}
