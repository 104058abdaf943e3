"""The one ordered table of facts: positions are dense, and their order is the order of commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from services.router.store.reader import Connection, Reader
from shared.jsontext import Unread, dump_text

CHANNEL = "router_events"
"""Notified with every append."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened. ``key`` orders it on the log, ``cause`` is the Idempotency-Key of the command behind
    it, ``actor`` who did it (a caller's id, ``dispatcher`` or ``worker``). The table gives ``data`` unread.
    """

    type: str
    subject: str
    key: str
    data: Mapping[str, Any]
    cause: str | None = None
    actor: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """A fact with its place in the order."""

    pos: int
    at: datetime
    fact: Fact
    traceparent: str | None = None
    """Only where it was asked for, and the sender of the inquiry named one."""

    def read(self) -> Recorded:
        """The same, its data read."""
        fact = self.fact
        if not isinstance(fact.data, Unread):
            return self
        read = Fact(fact.type, fact.subject, fact.key, fact.data.read(), fact.cause, fact.actor)
        return Recorded(self.pos, self.at, read, self.traceparent)


# The update of the head row is held to commit: whoever comes next gets later positions and commits later.
APPEND = f"""
WITH head AS (
    UPDATE router.head SET pos = pos + cardinality($1::text[]) RETURNING pos - cardinality($1::text[]) AS base
), written AS (
    INSERT INTO router.events (pos, type, subject, key, cause, actor, data)
    SELECT head.base + fact.n, fact.type, fact.subject, fact.key, fact.cause, fact.actor, fact.data::jsonb
    FROM head, unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
        WITH ORDINALITY AS fact (type, subject, key, cause, actor, data, n)
)
SELECT base + 1, pg_notify('{CHANNEL}', '') FROM head
"""

READ = """
SELECT pos, at, type, subject, key, cause, actor, data::text FROM router.events WHERE pos > $1 ORDER BY pos LIMIT $2
"""
READ_TRACED = """
SELECT e.*, t.traceparent FROM (
    SELECT pos, at, type, subject, key, cause, actor, data::text FROM router.events WHERE pos > $1 ORDER BY pos LIMIT $2
) e LEFT JOIN router.trace t USING (subject) ORDER BY e.pos
"""

LAST_BEFORE = "SELECT pos FROM router.events WHERE at < $1 AND pos > $2 ORDER BY pos DESC LIMIT 1"


async def append(conn: Connection, facts: Sequence[Fact]) -> int:
    """Write ``facts`` at the next positions; returns the first. Call it last in the transaction: it locks the head."""
    if not facts:
        return 0
    columns = zip(*((f.type, f.subject, f.key, f.cause, f.actor, dump_text(f.data)) for f in facts), strict=True)
    first: int = await conn.fetchval(APPEND, *(list(column) for column in columns))
    return first


async def read(
    conn: Reader,
    after: int,
    *,
    limit: int = 2000,
) -> list[Recorded]:
    """Facts after position ``after``, in order."""
    return [_recorded(row) for row in await conn.fetch(READ, after, limit)]


async def read_traced(conn: Reader, after: int, *, limit: int) -> list[Recorded]:
    """The same, each with its sender's trace."""
    return [_recorded(row) for row in await conn.fetch(READ_TRACED, after, limit)]


async def head(
    conn: Reader,
) -> int:
    """The last position that is committed."""
    pos: int = await conn.fetchval("SELECT pos FROM router.head")
    return pos


def _recorded(row: asyncpg.Record) -> Recorded:
    pos, at, kind, subject, key, cause, actor, text, *trace = row
    return Recorded(pos, at, Fact(kind, subject, key, Unread(text), cause, actor), *trace)


async def last_before(conn: Reader, since: datetime, least: int) -> int:
    """The last position recorded before ``since``, but at least ``least``; found from the end."""
    found: int | None = await conn.fetchval(LAST_BEFORE, since, least)
    return max(found or 0, least)
