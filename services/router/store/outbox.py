"""How far the facts are on the log, and who puts them there."""

from __future__ import annotations

from services.router.store.reader import Connection
from shared.eventlog.retention import DAYS

_LOCK = 4_731_902_311  # any number, the same in every version; held by the session, so it ends with the connection
_CLAIM = "SELECT pg_try_advisory_lock($1)"
POSITION = "SELECT pos FROM router.outbox_position WHERE reader = $1"
ADVANCE = "UPDATE router.outbox_position SET pos = $3 WHERE reader = $1 AND pos = $2"
LOST = f"""
UPDATE router.outbox_position AS mine SET pos = first.pos - 1
FROM (SELECT min(pos) AS pos FROM router.events WHERE at > now() - interval '{DAYS:g} days') AS first
WHERE mine.reader = $1 AND first.pos <= mine.pos RETURNING 1
"""


async def claim(conn: Connection) -> bool:
    """Whether this session is, until it ends, the one that publishes."""
    return bool(await conn.fetchval(_CLAIM, _LOCK))


async def position(conn: Connection, reader: str) -> int:
    """The last position that is on the log."""
    return int(await conn.fetchval(POSITION, reader))


async def advance(conn: Connection, reader: str, *, after: int, pos: int) -> None:
    """What came ``after``, up to ``pos``, is on the log; nothing changes if the log was found lost meanwhile."""
    await conn.execute(ADVANCE, reader, after, pos)


async def lost(conn: Connection, reader: str) -> int:
    """The log is gone: what it would still hold is to be published again; 1 if there is any."""
    return len(await conn.fetch(LOST, reader))
