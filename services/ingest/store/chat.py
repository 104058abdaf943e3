"""Chat sessions and their lines. A line's ``seq`` is dense in its session and rises in the order of commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

LEFT = "customer"
"""The text of the line with which a customer has ended the chat: why it is ended."""

Connection = Any
"""A connection or a pool of asyncpg: both can fetch."""

_PLACE = """
WITH incoming AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY
        AS t (session_id, event_id, kind, name, text, n)
), raised AS (
    UPDATE ingest.chat_session s SET
        last_seq = s.last_seq + c.lines,
        accepted = s.accepted AND NOT c.ended,
        left_at = CASE WHEN c.left THEN clock_timestamp() WHEN c.spoke THEN NULL ELSE s.left_at END,
        context_after = CASE WHEN c.ended THEN s.last_seq + c.lines ELSE s.context_after END
    FROM (
        SELECT session_id, count(*) AS lines, bool_or(kind = 'ended') AS ended, bool_or(kind = 'customer') AS spoke,
            bool_or(kind = 'ended' AND text = $6) AS left
        FROM incoming GROUP BY session_id
    ) c
    WHERE s.id = c.session_id
    RETURNING s.id, s.last_seq - c.lines AS base
)
INSERT INTO ingest.chat_line (session_id, seq, event_id, kind, name, text)
SELECT i.session_id, r.base + row_number() OVER (PARTITION BY i.session_id ORDER BY i.n),
    i.event_id, i.kind, i.name, i.text
FROM incoming i JOIN raised r ON r.id = i.session_id
RETURNING event_id, seq, pg_notify('ingest_chat', '')
"""

# What the customer wrote before is with the router by then, so that no later message is taken for one after leaving.
_LEFT = """
SELECT s.id, s.left_at FROM ingest.chat_session s
WHERE s.left_at IS NOT NULL AND NOT EXISTS (
    SELECT FROM ingest.chat_line l JOIN ingest.receipt r ON r.id = l.event_id::uuid
    WHERE l.session_id = s.id AND l.kind = 'customer' AND NOT r.routed
)
ORDER BY s.left_at LIMIT $1
"""

_TOLD = """
UPDATE ingest.chat_session s SET left_at = NULL
FROM unnest($1::uuid[], $2::timestamptz[]) AS told (id, at) WHERE s.id = told.id AND s.left_at = told.at
"""

_KNOWN = "SELECT event_id FROM ingest.chat_line WHERE event_id = ANY($1::text[])"

_START = "INSERT INTO ingest.chat_session (id, site, name, language) VALUES ($1, $2, $3, $4)"

_SESSION = "SELECT id, site, name, language, last_seq FROM ingest.chat_session WHERE id = $1"

_CONTEXT = """
SELECT l.text FROM ingest.chat_line l JOIN ingest.chat_session s ON s.id = l.session_id
WHERE s.id = $1 AND NOT s.accepted AND l.kind = 'customer' AND l.seq > s.context_after AND l.event_id <> $2
ORDER BY l.seq DESC LIMIT 20
"""

_MISSED = """
SELECT l.session_id, l.seq, l.kind, l.name, l.text, l.at
FROM unnest($1::uuid[], $2::bigint[]) AS held (session_id, seq)
CROSS JOIN LATERAL (
    SELECT * FROM ingest.chat_line c WHERE c.session_id = held.session_id AND c.seq > held.seq ORDER BY c.seq LIMIT 200
) l
ORDER BY l.session_id, l.seq
"""

_ACCEPTED = """
UPDATE ingest.chat_session SET accepted = true
WHERE NOT accepted AND id = ANY(
    SELECT session_id FROM ingest.chat_line WHERE event_id = ANY($1::text[])
)
"""

_KEEP = "INSERT INTO ingest.secret (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING"
_READ_KEPT = "SELECT value FROM ingest.secret WHERE name = $1"


@dataclass(frozen=True, slots=True)
class Line:
    """One line to be placed: ``kind`` is ``customer``, ``agent`` or ``ended``; ``event_id`` makes a repeat known."""

    session_id: UUID
    event_id: str
    kind: str
    name: str | None
    text: str


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """One line in its place."""

    session_id: UUID
    seq: int
    kind: str
    name: str | None
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """One visitor's chat."""

    id: UUID
    site: str
    name: str | None
    language: str | None
    last_seq: int


async def place(connection: Connection, lines: Sequence[Line]) -> Mapping[str, int]:
    """Append ``lines``, which must be new, to their sessions; their ``seq`` by event id."""
    columns = zip(*((x.session_id, x.event_id, x.kind, x.name, x.text) for x in lines), strict=True)
    return {row["event_id"]: row["seq"] for row in await connection.fetch(_PLACE, *columns, LEFT)}


async def known(connection: Connection, event_ids: Sequence[str]) -> set[str]:
    """Those of the lines that are in their place already."""
    return {row["event_id"] for row in await connection.fetch(_KNOWN, event_ids)}


async def start(connection: Connection, session: Session) -> None:
    """Keep a new session."""
    await connection.execute(_START, session.id, session.site, session.name, session.language)


async def session(connection: Connection, session_id: UUID) -> Session | None:
    """The session called ``session_id``."""
    row = await connection.fetchrow(_SESSION, session_id)
    return Session(**dict(row)) if row else None


async def context(connection: Connection, session_id: UUID, *, but: str) -> str | None:
    """What the customer wrote before the line ``but`` (an event id), while no agent has accepted; newest last."""
    rows = await connection.fetch(_CONTEXT, session_id, but)
    return "\n".join(row["text"] for row in reversed(rows)) or None


async def left(connection: Connection, limit: int) -> list[tuple[UUID, datetime]]:
    """Sessions whose customers have left, and when; not before the router has all that they wrote."""
    return [(row["id"], row["left_at"]) for row in await connection.fetch(_LEFT, limit)]


async def told(connection: Connection, sessions: Sequence[tuple[UUID, datetime]]) -> None:
    """It is on the log that these have left then."""
    await connection.execute(_TOLD, [session for session, _ in sessions], [at for _, at in sessions])


async def missed(connection: Connection, held: Mapping[UUID, int]) -> list[PlacedLine]:
    """The lines behind each session's last seen ``seq``, in order."""
    rows = await connection.fetch(_MISSED, list(held), list(held.values()))
    return [PlacedLine(**dict(row)) for row in rows]


async def mark_accepted(connection: Connection, inquiry_ids: Sequence[str]) -> None:
    """An agent has taken the chats that these inquiries came from: their earlier text is no context any more."""
    await connection.execute(_ACCEPTED, inquiry_ids)


async def secret(connection: Connection, name: str, fresh: bytes) -> bytes:
    """The installation's secret called ``name``; ``fresh`` becomes it if there is none."""
    await connection.execute(_KEEP, name, fresh)
    value: bytes = await connection.fetchval(_READ_KEPT, name)
    return value
