"""Agents: skills, capacity, load, presence. ``version`` and ``edition`` are raised by the table itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.router.store.conversations import columns
from services.router.store.reader import Connection, Reader

_COLUMNS = """id, username, name, skills, capacity, load, presence, presence_source, lease_until, stream_seen_at,
    idle_since, edition, version"""

LOCK = f"SELECT {_COLUMNS} FROM router.agent WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"

BY_ID = f"SELECT {_COLUMNS} FROM router.agent WHERE id = ANY($1::uuid[])"

PAGE = f"SELECT {_COLUMNS} FROM router.agent WHERE username > $1 ORDER BY username LIMIT $2"

ALL = f"SELECT {_COLUMNS} FROM router.agent ORDER BY username"

GIVE_LOAD = """
UPDATE router.agent AS a SET
    load = a.load + g.weight, idle_since = CASE WHEN g.weight < 0 THEN $3::timestamptz ELSE a.idle_since END
FROM (SELECT agent, sum(weight)::int AS weight FROM unnest($1::uuid[], $2::int[]) AS t (agent, weight) GROUP BY agent)
    AS g
WHERE a.id = g.agent
"""

SET_PRESENCE = f"""
UPDATE router.agent AS a SET
    presence = p.state, presence_source = p.source, lease_until = p.until,
    stream_seen_at = CASE WHEN p.source = 'stream' THEN greatest(a.stream_seen_at, $5) ELSE a.stream_seen_at END,
    idle_since = CASE WHEN p.state = 'available' AND a.presence <> 'available' THEN $5 ELSE a.idle_since END
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[]) AS p (id, state, source, until)
WHERE a.id = p.id RETURNING {", ".join("a." + name.strip() for name in _COLUMNS.split(","))}
"""

SEEN = "UPDATE router.agent SET stream_seen_at = $2 WHERE id = ANY($1::uuid[])"

EDIT = f"""
UPDATE router.agent SET skills = $3, capacity = $4 WHERE id = $1 AND edition = $2 RETURNING {_COLUMNS}
"""

ENSURE = f"""
INSERT INTO router.agent AS a (id, username, name, skills, capacity) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, skills = excluded.skills, capacity = excluded.capacity
WHERE (a.name, a.skills, a.capacity) IS DISTINCT FROM (excluded.name, excluded.skills, excluded.capacity)
RETURNING {_COLUMNS}
"""


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent as the table has it."""

    id: UUID
    username: str
    name: str
    skills: Mapping[str, int]
    capacity: int
    load: int
    presence: str
    presence_source: str
    lease_until: datetime | None
    stream_seen_at: datetime | None
    idle_since: datetime
    edition: int
    version: int


async def lock(conn: Connection, ids: Collection[UUID]) -> dict[UUID, Agent]:
    """The agents, held until the transaction ends: the first lock of whoever changes offers or assignments."""
    if not ids:
        return {}
    return {row["id"]: Agent(**row) for row in await conn.fetch(LOCK, list(ids))}


async def by_id(conn: Reader, ids: Collection[UUID]) -> dict[UUID, Agent]:
    """Those of ``ids`` that exist."""
    return {row["id"]: Agent(**row) for row in await conn.fetch(BY_ID, list(ids))}


async def page(conn: Reader, *, after: str, limit: int) -> list[Agent]:
    """Agents by username, those behind ``after``."""
    return [Agent(**row) for row in await conn.fetch(PAGE, after, limit)]


async def everyone(conn: Reader) -> list[Agent]:
    """All agents, by username."""
    return [Agent(**row) for row in await conn.fetch(ALL)]


async def give_load(conn: Connection, rows: Sequence[tuple[UUID, int]], now: datetime) -> None:
    """Raise (or with a negative weight lower) the load of locked agents."""
    if rows:
        await conn.execute(GIVE_LOAD, *columns(rows), now)


async def set_presence(
    conn: Connection, rows: Sequence[tuple[UUID, str, str, datetime | None]], now: datetime
) -> dict[UUID, Agent]:
    """Set (state, source, until) of locked agents; returns them as they are then."""
    return {row["id"]: Agent(**row) for row in await conn.fetch(SET_PRESENCE, *columns(rows), now)}


async def seen(conn: Reader, ids: Collection[UUID], now: datetime) -> None:
    """These agents have a live stream."""
    await conn.execute(SEEN, list(ids), now)


async def edit(conn: Connection, agent: UUID, edition: int, skills: Mapping[str, int], capacity: int) -> Agent | None:
    """Write skills and capacity if nobody has edited since ``edition``."""
    row = await conn.fetchrow(EDIT, agent, edition, dict(skills), capacity)
    return None if row is None else Agent(**row)


async def ensure(
    conn: Connection,
    agent: UUID,
    username: str,
    name: str,
    skills: Mapping[str, int],
    capacity: int,
) -> Agent | None:
    """Make the agent, or bring it to these values; ``None`` when it has them already."""
    row = await conn.fetchrow(ENSURE, agent, username, name, dict(skills), capacity)
    return None if row is None else Agent(**row)
