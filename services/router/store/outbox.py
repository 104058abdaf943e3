"""How far the facts are on the log, and who puts them there."""

from __future__ import annotations

from services.router.store.reader import Connection

_LOCK = 4_731_902_311  # any number, the same in every version; held by the session, so it ends with the connection
_CLAIM = """
SELECT EXISTS (
    SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND (classid::bigint << 32) + objid::bigint = $1
) OR pg_try_advisory_lock($1)
"""
POSITION = "SELECT pos FROM router.outbox_position WHERE reader = $1"
ADVANCE = "UPDATE router.outbox_position SET pos = $2 WHERE reader = $1 AND pos < $2"


async def claim(conn: Connection) -> bool:
    """Whether this session is, from now on, the one that publishes."""
    return bool(await conn.fetchval(_CLAIM, _LOCK))


async def position(conn: Connection, reader: str) -> int:
    """The last position that is on the log."""
    return int(await conn.fetchval(POSITION, reader))


async def advance(conn: Connection, reader: str, pos: int) -> None:
    """Everything up to ``pos`` is on the log."""
    await conn.execute(ADVANCE, reader, pos)
