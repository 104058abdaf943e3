"""Receipts on their way to the log: new ones in accept order, and those that the router has not shown to have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from shared import quarantine

_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('ingest.relay'), part) FROM generate_series(0, $1 - 1) part ORDER BY part"

_COLUMNS = "r.seq, r.id, r.caller, r.received_at, i.body, i.envelope ->> 'traceparent' AS traceparent"

_NEW = f"""
SELECT {_COLUMNS} FROM ingest.receipt r JOIN ingest.inquiry i USING (id)
WHERE r.key IS NOT NULL AND r.published_at IS NULL AND r.part = ANY($1::int[]) ORDER BY r.seq LIMIT $2
"""

_AGAIN = f"""
SELECT {_COLUMNS} FROM (
    SELECT * FROM ingest.receipt
    WHERE published_at IS NOT NULL AND NOT routed AND publish_again_at <= now() AND part = ANY($1::int[])
        AND NOT {quarantine.holds("receipt.id")}
    ORDER BY publish_again_at LIMIT $2
) r JOIN ingest.inquiry i USING (id) ORDER BY r.seq
"""

_MARK = """
UPDATE ingest.receipt SET
    published_at = coalesce(published_at, now()),
    publishes = least(publishes + 1, 1000),
    publish_again_at = now() + make_interval(secs => least($2::float * power(2, least(publishes, 6)), 3600))
WHERE seq = ANY($1::bigint[])
"""


_WAITING = """
SELECT (SELECT count(*) FROM (SELECT 1 FROM ingest.receipt WHERE key IS NULL LIMIT $1) AS to_normalise)
    + (SELECT count(*) FROM (
        SELECT 1 FROM ingest.receipt WHERE key IS NOT NULL AND published_at IS NULL LIMIT $1
    ) AS to_publish)
"""

_LOST = "UPDATE ingest.receipt SET published_at = NULL WHERE published_at IS NOT NULL AND NOT routed"


@dataclass(frozen=True, slots=True)
class Ready:
    """A receipt to be published."""

    seq: int
    id: UUID
    caller: str
    received_at: datetime
    body: dict[str, Any]
    traceparent: str | None


async def lock(connection: asyncpg.Connection[asyncpg.Record], parts: int) -> list[int]:
    """Those of the parts that nobody else is publishing now; held to the end of the transaction."""
    rows = await connection.fetch(_LOCK, parts)
    return [part for part, row in enumerate(rows) if row[0]]


async def new(connection: asyncpg.Connection[asyncpg.Record], parts: Sequence[int], limit: int) -> list[Ready]:
    """The oldest that were never published."""
    return [Ready(**dict(row)) for row in await connection.fetch(_NEW, parts, limit)]


async def again(connection: asyncpg.Connection[asyncpg.Record], parts: Sequence[int], limit: int) -> list[Ready]:
    """Those that were published but of which the router has said nothing in their time, but for what is quarantined."""
    return [Ready(**dict(row)) for row in await connection.fetch(_AGAIN, parts, limit)]


async def waiting(connection: asyncpg.Connection[asyncpg.Record], *, at_most: int) -> int:
    """How many receipts are not on the log; no more than ``at_most`` of a kind are counted."""
    return int(await connection.fetchval(_WAITING, at_most))


async def lost(connection: asyncpg.Connection[asyncpg.Record]) -> int:
    """The log they were on is gone: those that the router has not shown to have are new again; returns how many."""
    status: str = await connection.execute(_LOST)
    return int(status.rpartition(" ")[2])


async def mark(connection: asyncpg.Connection[asyncpg.Record], seqs: Sequence[int], patience: float) -> None:
    """They are on the log; the router has ``patience`` seconds, doubled with each time, to show that it has them."""
    await connection.execute(_MARK, seqs, patience)
