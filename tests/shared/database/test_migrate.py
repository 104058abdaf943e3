"""Migrations run once, whoever starts them, and refuse a newer database."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from shared.database.connection import connect, create_pool
from shared.database.migrate import MIGRATIONS, upgrade
from shared.errors import SettingsError
from shared.eventlog.memory import MemoryLog
from shared.quarantine import MemoryQuarantine
from shared.quarantine_desk import QuarantineDesk

_LATER = shutil.ignore_patterns("000[6-9]*", "00[1-9][0-9]*", "__pycache__")
_QUARANTINED_THEN = """
INSERT INTO log.quarantine (stage, stream, part, pos, key, headers, value, reason)
VALUES ('stage', 'stream', 0, $1, 'key', $2, $3, 'reason')
"""


async def _empty_database(url: str) -> str:
    connection = await connect(url, name="test")
    for schema in ("ingest", "classifier", "router", "access", "log"):
        await connection.execute(f"DROP SCHEMA {schema} CASCADE")
    await connection.close()
    return url


async def test_three_processes_that_start_at_once_migrate_once(database_url: str) -> None:
    url = await _empty_database(database_url)
    heads = await asyncio.gather(*(upgrade(url) for _ in range(3)))
    assert len(set(heads)) == 1
    connection = await connect(url, name="test")
    assert await connection.fetchval("SELECT count(*) FROM router.head") == 1
    assert await connection.fetchval("SELECT version_num FROM log.migration") == heads[0]
    await connection.close()


async def test_records_that_the_first_release_had_quarantined_are_still_there(
    database_url: str, tmp_path: Path
) -> None:
    url = await _empty_database(database_url)
    then = shutil.copytree(MIGRATIONS, tmp_path / "then", ignore=_LATER)
    await upgrade(url, folder=then)
    pool = await create_pool(url, name="test", size=1)
    for position in range(2):
        headers = {"ce_id": "e", "ce_type": "t", "ce_subject": "s", "x": "č"}
        await pool.execute(_QUARANTINED_THEN, position, headers, b"\xff")
    await pool.close()
    await upgrade(url)
    pool = await create_pool(url, name="test", size=1)
    desk = QuarantineDesk(pool, log=MemoryLog(), quarantine=MemoryQuarantine())
    first, second = await desk.list()
    assert (first.event_id, first.type, first.subject, first.tries, second.pos) == ("e", "t", "s", 1, 1)
    came = (await desk.get(first.id)).came
    assert (came.key, came.headers["x"], came.value) == ("key", "č", b"\xff")
    await pool.close()


async def test_a_database_of_a_newer_version_is_refused_by_name(database_url: str) -> None:
    connection = await connect(database_url, name="test")
    await connection.execute("UPDATE log.migration SET version_num = '9999'")
    await connection.close()
    with pytest.raises(SettingsError, match="9999"):
        await upgrade(database_url)
