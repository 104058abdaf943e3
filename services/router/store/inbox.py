"""What the router has taken from the log: every event once, and how far each partition is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.router.store.reader import Connection

# In the order of the ids, so that two workers that meet the same events wait for each other and do not deadlock.
MARK = """
INSERT INTO router.inbox (event_id) SELECT id FROM unnest($1::text[]) AS id ORDER BY id
ON CONFLICT DO NOTHING RETURNING event_id
"""

TAKE_OVER = """
INSERT INTO router.position AS mine (stream, part, incarnation, fence, pos)
SELECT $1, part, $3, $4, 0 FROM unnest($2::int[]) AS part ORDER BY part
ON CONFLICT (stream, part) DO UPDATE SET
    fence = excluded.fence,
    pos = CASE WHEN mine.incarnation = excluded.incarnation THEN mine.pos ELSE 0 END,
    incarnation = excluded.incarnation
WHERE mine.fence <= excluded.fence OR mine.incarnation <> excluded.incarnation
RETURNING part, pos
"""

LATEST_FENCE = "SELECT coalesce(max(fence), 0) FROM router.position WHERE stream = $1 AND part = ANY($2::int[])"

ADVANCE = """
UPDATE router.position AS mine SET pos = reached.pos
FROM (SELECT part, pos FROM unnest($2::int[], $3::bigint[]) AS r (part, pos) ORDER BY part) AS reached
WHERE mine.stream = $1 AND mine.part = reached.part AND mine.fence = $4 AND mine.incarnation = $5
RETURNING mine.part
"""

PRUNE = """
DELETE FROM router.inbox WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM router.inbox WHERE at < now() - $1::interval ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED
)) RETURNING true
"""


async def mark(conn: Connection, event_ids: Sequence[str]) -> set[str]:
    """Mark the events as taken; returns those that were not yet."""
    return {row["event_id"] for row in await conn.fetch(MARK, list(event_ids))}


async def take_over(
    conn: Connection, stream: str, parts: Sequence[int], *, fence: int, incarnation: str
) -> dict[int, int]:
    """Own the partitions under ``fence``; a log that was wiped and has grown again is read from 0."""
    rows = await conn.fetch(TAKE_OVER, stream, list(parts), incarnation, fence)
    return {row["part"]: row["pos"] for row in rows}


async def latest_fence(conn: Connection, stream: str, parts: Sequence[int]) -> int:
    """The highest fence that one of the partitions is under."""
    return int(await conn.fetchval(LATEST_FENCE, stream, list(parts)))


async def advance(conn: Connection, stream: str, positions: Mapping[int, int], fence: int, incarnation: str) -> bool:
    """Remember the positions; ``False`` if a later fence owns one of the partitions, or in another life of the log.

    A broker that was wiped counts its generations from the start: the fence alone could be that of a sleeper.
    """
    rows = await conn.fetch(ADVANCE, stream, list(positions), list(positions.values()), fence, incarnation)
    return len(rows) == len(positions)
