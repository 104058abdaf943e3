"""Receipts whose bytes have not been read yet, and what was read."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from services.ingest.channel import Draft
from services.ingest.store.receipts import part_of

_WAITING = """
SELECT seq, receipt.id, raw_id, octet_length(raw.bytes) AS size
FROM ingest.receipt JOIN ingest.raw ON raw.id = raw_id
WHERE key IS NULL AND seq <> ALL($1::bigint[]) ORDER BY seq LIMIT $2
"""

_RAW = """
SELECT i.envelope, r.bytes FROM ingest.raw r, ingest.inquiry i WHERE r.id = $1 AND i.id = $2
"""

_KEEP = """
WITH read AS (
    UPDATE ingest.receipt SET key = $2, part = $3 WHERE id = $1 AND key IS NULL RETURNING id
)
UPDATE ingest.inquiry SET own_reference = $4, body = $5::text::jsonb
WHERE id IN (SELECT id FROM read)
RETURNING pg_notify('ingest_ready', '')
"""


@dataclass(frozen=True, slots=True)
class Unread:
    """A receipt to be read."""

    seq: int
    id: UUID
    raw_id: UUID
    size: int


async def waiting(connection: asyncpg.Connection[asyncpg.Record], *, but: Collection[int], limit: int) -> list[Unread]:
    """The oldest receipts to be read, without those that are in work."""
    return [Unread(**dict(row)) for row in await connection.fetch(_WAITING, list(but), limit)]


async def raw(connection: asyncpg.Connection[asyncpg.Record], unread: Unread) -> tuple[dict[str, Any], bytes]:
    """The envelope and the bytes."""
    row = await connection.fetchrow(_RAW, unread.raw_id, unread.id)
    return (row["envelope"], row["bytes"]) if row else ({}, b"")


async def keep(connection: asyncpg.Connection[asyncpg.Record], unread: Unread, draft: Draft) -> None:
    """Write down what was read, unless somebody has already."""
    key = draft.key or f"inquiry:{unread.id}"
    await connection.execute(_KEEP, unread.id, key, part_of(key), draft.own_reference, draft.model_dump_json())
