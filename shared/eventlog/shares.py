"""Who reads which partitions for a group, kept in PostgreSQL: leases of seconds, positions, and a rising fence.

A partition changes hands only when its reader let go or died, so two members that live never read the same one. The
reader's name in ``log.position`` guards every commit: who slept through its lease commits nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from shared.eventlog.base import Positions
from shared.eventlog.encoding import PARTITIONS

_ENSURE = """
WITH made AS (INSERT INTO log.stream (name) VALUES ($1) ON CONFLICT DO NOTHING)
INSERT INTO log.head (stream, part) SELECT $1, part FROM generate_series(0, $2 - 1) part ON CONFLICT DO NOTHING
"""
_BEAT = """
INSERT INTO log.member (stream, grp, member, expires_at) VALUES ($1, $2, $3, clock_timestamp() + $4 * interval '1 s')
ON CONFLICT (stream, grp, member) DO UPDATE SET expires_at = EXCLUDED.expires_at
"""
_LIVING = """
WITH dead AS (DELETE FROM log.member WHERE stream = $1 AND grp = $2 AND expires_at < clock_timestamp())
SELECT member FROM log.member WHERE stream = $1 AND grp = $2 AND expires_at >= clock_timestamp()
ORDER BY joined_at, member
"""
_STATE = "SELECT part, pos, incarnation, member FROM log.position WHERE stream = $1 AND grp = $2 ORDER BY part"
_RAISE_FENCE = """
INSERT INTO log.generation (stream, grp, fence) VALUES ($1, $2, 1)
ON CONFLICT (stream, grp) DO UPDATE SET fence = log.generation.fence + 1 RETURNING fence
"""
_RELEASE = "UPDATE log.position SET member = NULL WHERE stream = $1 AND grp = $2 AND member = $3 AND part = ANY($4)"
_CLAIM = """
INSERT INTO log.position AS p (stream, grp, part, incarnation, member)
SELECT $1, $2, part, $4, $3 FROM unnest($5::smallint[]) part
ON CONFLICT (stream, grp, part) DO UPDATE SET member = $3, incarnation = $4,
    pos = CASE WHEN p.incarnation = $4 THEN p.pos ELSE 0 END
RETURNING part, pos
"""
_COMMIT = """
UPDATE log.position p SET pos = done.pos FROM unnest($4::smallint[], $5::bigint[]) AS done (part, pos)
WHERE p.stream = $1 AND p.grp = $2 AND p.part = done.part AND p.member = $3 AND p.incarnation = $6
"""
_LEAVE = """
WITH gone AS (DELETE FROM log.member WHERE stream = $1 AND grp = $2 AND member = $3)
UPDATE log.position SET member = NULL WHERE stream = $1 AND grp = $2 AND member = $3
"""


@dataclass(frozen=True, slots=True)
class Share:
    """What one member reads: its partitions with their committed positions."""

    positions: Positions
    fence: int
    incarnation: str


async def ensure_stream(connection: asyncpg.Connection, stream: str) -> None:
    """Make the stream if it is not there (any more)."""
    await connection.execute(_ENSURE, stream, PARTITIONS)


async def incarnation(connection: asyncpg.Connection, stream: str) -> str:
    """Which life of the stream this is; begins one if it is not there (any more)."""
    found: str | None = await connection.fetchval("SELECT incarnation FROM log.stream WHERE name = $1", stream)
    if found is None:
        await ensure_stream(connection, stream)
        return await incarnation(connection, stream)
    return found


@dataclass(frozen=True, slots=True)
class Membership:
    """One member's dealings with its group; all take the caller's connection."""

    stream: str
    group: str
    member: UUID
    lease_seconds: float

    async def beat(self, connection: asyncpg.Connection) -> None:
        """Say that this member lives."""
        await connection.execute(_BEAT, self.stream, self.group, self.member, self.lease_seconds)

    async def renew(self, connection: asyncpg.Connection, held: Share | None) -> Share:
        """Beat, bury the dead, let go what others are due, take what is due and free.

        Returns ``held`` itself while nothing changed hands.
        """
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", self._name())
            await self.beat(connection)
            living = [row["member"] for row in await connection.fetch(_LIVING, self.stream, self.group)]
            life = await incarnation(connection, self.stream)
            rows = await connection.fetch(_STATE, self.stream, self.group)
            return await self._rearrange(connection, held, living, rows, life)

    async def _rearrange(
        self,
        connection: asyncpg.Connection,
        held: Share | None,
        living: Sequence[UUID],
        rows: Sequence[asyncpg.Record],
        incarnation: str,
    ) -> Share:
        due = set(range(living.index(self.member), PARTITIONS, len(living)))
        readers = {row["part"]: row["member"] for row in rows}
        mine = {part for part, reader in readers.items() if reader == self.member}
        others = {part for part, reader in readers.items() if reader in living and reader != self.member}
        wanted = due - others
        if held is not None and wanted == mine == held.positions.keys() and held.incarnation == incarnation:
            return held
        await connection.execute(_RELEASE, self.stream, self.group, self.member, list(mine - wanted))
        fence = await connection.fetchval(_RAISE_FENCE, self.stream, self.group)
        taken = await connection.fetch(_CLAIM, self.stream, self.group, self.member, incarnation, sorted(wanted))
        return Share({row["part"]: row["pos"] for row in taken}, fence, incarnation)

    async def commit(self, connection: asyncpg.Connection, positions: Positions, incarnation: str) -> None:
        """Store ``positions`` of the partitions that are still this member's."""
        parts, following = list(positions.keys()), list(positions.values())
        await connection.execute(_COMMIT, self.stream, self.group, self.member, parts, following, incarnation)

    async def leave(self, connection: asyncpg.Connection) -> None:
        """Give everything back."""
        await connection.execute(_LEAVE, self.stream, self.group, self.member)

    def _name(self) -> str:
        return f"{self.stream}\x1f{self.group}"
