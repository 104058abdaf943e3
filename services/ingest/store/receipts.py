"""Receipts with their raw bytes: written together or not at all, found again by identity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zlib import crc32

import asyncpg

from services.ingest.channel import Delivery
from shared.jsontext import dump_text

PARTS = 8
"""Keys fall into this many parts; each part is published by one relay at a time."""

_INSERT = """
WITH incoming AS (
    SELECT * FROM unnest(
        $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::text[], $9::smallint[],
        $10::text[], $11::text[], $12::text[], $13::text[], $14::bytea[]
    ) WITH ORDINALITY AS t (
        id, raw_id, caller, door, channel, idempotency_key, body_hash, key, part,
        envelope, own_reference, body, content_type, bytes, n
    )
), receipts AS (
    INSERT INTO ingest.receipt (id, raw_id, caller, door, channel, idempotency_key, body_hash, key, part)
    SELECT id, raw_id, caller, door, channel, idempotency_key, body_hash, key, part FROM incoming ORDER BY n
    ON CONFLICT DO NOTHING
    RETURNING id, seq, key
), inquiries AS (
    INSERT INTO ingest.inquiry (id, envelope, own_reference, body)
    SELECT id, envelope::jsonb, own_reference, body::jsonb FROM incoming JOIN receipts USING (id)
), raws AS (
    INSERT INTO ingest.raw (id, content_type, bytes)
    SELECT DISTINCT ON (raw_id) raw_id, content_type, bytes FROM incoming JOIN receipts USING (id)
    ON CONFLICT DO NOTHING
)
SELECT id, seq, pg_notify(CASE WHEN key IS NULL THEN 'ingest_unread' ELSE 'ingest_ready' END, '') FROM receipts
"""

_FIND = """
SELECT r.id, r.seq, r.idempotency_key, r.body_hash, l.seq AS chat_seq
FROM ingest.receipt r LEFT JOIN ingest.chat_line l ON l.event_id = r.id::text
WHERE r.id = ANY($1::uuid[])
"""

_FIND_BY_KEY = """
SELECT r.id, r.seq, r.idempotency_key, r.body_hash, NULL::bigint AS chat_seq FROM ingest.receipt r
WHERE r.caller = $1 AND r.door = $2 AND r.idempotency_key = $3
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A receipt that was there before."""

    id: UUID
    seq: int
    idempotency_key: str | None
    body_hash: bytes
    chat_seq: int | None


def part_of(key: str) -> int:
    """The part that ``key`` always falls into."""
    return crc32(key.encode()) % PARTS


async def insert(connection: asyncpg.Connection[asyncpg.Record], deliveries: Sequence[Delivery]) -> dict[UUID, int]:
    """Commit those of ``deliveries`` (distinct ids) that are new; their accept order by id. One statement."""
    rows = await connection.fetch(_INSERT, *zip(*map(_row, deliveries), strict=True))
    return {row["id"]: row["seq"] for row in rows}


async def find(connection: asyncpg.Connection[asyncpg.Record], deliveries: Sequence[Delivery]) -> dict[UUID, Kept]:
    """By the id of each delivery the receipt that stood in its way: of the same identity, else of the same key."""
    found = {row["id"]: _kept(row) for row in await connection.fetch(_FIND, [one.id for one in deliveries])}
    for delivery in deliveries:
        if delivery.id not in found and delivery.idempotency_key is not None:
            row = await connection.fetchrow(_FIND_BY_KEY, delivery.caller, delivery.door, delivery.idempotency_key)
            if row is not None:
                found[delivery.id] = _kept(row)
    return found


def _kept(row: asyncpg.Record) -> Kept:
    return Kept(**dict(row))


def _row(delivery: Delivery) -> tuple[Any, ...]:
    draft = delivery.draft
    key = (draft.key or f"inquiry:{delivery.id}") if draft else None
    return (
        delivery.id,
        delivery.raw_id,
        delivery.caller,
        delivery.door,
        delivery.channel.value,
        delivery.idempotency_key,
        delivery.body_hash,
        key,
        part_of(key) if key else None,
        dump_text(delivery.envelope),
        draft.own_reference if draft else None,
        draft.model_dump_json() if draft else None,
        delivery.content_type,
        delivery.raw,
    )
