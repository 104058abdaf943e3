"""Migrations run once, whoever starts them, and refuse a newer database."""

from __future__ import annotations

import asyncio

import pytest

from shared.database.connection import connect
from shared.database.migrate import upgrade
from shared.errors import SettingsError


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


async def test_a_database_of_a_newer_version_is_refused_by_name(database_url: str) -> None:
    connection = await connect(database_url, name="test")
    await connection.execute("UPDATE log.migration SET version_num = '9999'")
    await connection.close()
    with pytest.raises(SettingsError, match="9999"):
        await upgrade(database_url)
