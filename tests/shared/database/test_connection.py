"""Connections speak JSON, heal, and raise our errors."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from shared.database.connection import Held, connect, create_pool, translate
from shared.errors import DatabaseUnavailable

NOBODY_LISTENS = "postgresql://router@127.0.0.1:1/postgres"


async def test_json_goes_in_and_out_as_python_objects(pool: asyncpg.Pool) -> None:
    given = {"text": "Grüße, čau", "n": [1, None, {"a": True}]}
    assert await pool.fetchval("SELECT $1::jsonb", given) == given
    assert await pool.fetchval("SELECT $1::jsonb[]", [given, {}]) == [given, {}]


async def test_a_hot_connection_never_scans_a_table(database_url: str) -> None:
    held = Held(database_url, name="hot", hot=True)
    async with held.use() as connection:
        assert await connection.fetchval("SHOW enable_seqscan") == "off"
        assert await connection.fetchval("SHOW application_name") == "hot"
    await held.close()


async def test_a_held_connection_is_kept(database_url: str) -> None:
    held = Held(database_url, name="kept")
    pids = set()
    for _ in range(2):
        async with held.use() as connection:
            pids.add(connection.get_server_pid())
    assert len(pids) == 1
    await held.close()


async def test_a_connection_killed_in_use_is_temporary_and_made_again(database_url: str) -> None:
    held = Held(database_url, name="killed")
    other = await connect(database_url, name="killer")

    async def killed_in_use() -> None:
        async with held.use() as connection:
            await other.execute("SELECT pg_terminate_backend($1)", connection.get_server_pid())
            await connection.fetchval("SELECT pg_sleep(5)")

    with pytest.raises(DatabaseUnavailable):
        await killed_in_use()
    async with held.use() as connection:
        assert await connection.fetchval("SELECT 1") == 1
    await held.close()
    await other.close()


async def test_an_error_of_ours_keeps_the_connection_and_its_own_type(database_url: str) -> None:
    held = Held(database_url, name="ours")
    async with held.use() as connection:
        before = connection.get_server_pid()
    with pytest.raises(asyncpg.UndefinedTableError):
        async with held.use() as connection:
            await connection.execute("SELECT * FROM nowhere")
    async with held.use() as connection:
        assert connection.get_server_pid() == before
    await held.close()


async def test_a_transaction_left_open_is_not_handed_on(database_url: str) -> None:
    held = Held(database_url, name="left")

    async def left_open() -> None:
        async with held.use() as connection:
            await connection.execute("BEGIN")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await left_open()
    async with held.use() as connection:
        assert not connection.is_in_transaction()
    await held.close()


async def test_nobody_listening_is_temporary() -> None:
    with pytest.raises(DatabaseUnavailable):
        await connect(NOBODY_LISTENS, name="test")
    with pytest.raises(DatabaseUnavailable):
        await create_pool(NOBODY_LISTENS, name="test", size=1)


def test_a_full_disk_is_temporary_and_a_violated_constraint_is_not() -> None:
    with pytest.raises(DatabaseUnavailable), translate():
        raise asyncpg.DiskFullError("no space left")
    with pytest.raises(asyncpg.UniqueViolationError), translate():
        raise asyncpg.UniqueViolationError("twice")
    with pytest.raises(asyncpg.InterfaceError, match="arguments"), translate():
        raise asyncpg.InterfaceError("the server expects 2 arguments")


async def test_who_is_silent_for_too_long_holds_no_lock_any_more(database_url: str) -> None:
    frozen = Held(database_url, name="frozen", silent_seconds=1)
    other = await connect(database_url, name="other")
    async with frozen.use() as connection:
        assert await connection.fetchval("SELECT pg_try_advisory_lock(1)")
    async with asyncio.timeout(10):
        while not await other.fetchval("SELECT pg_try_advisory_lock(1)"):  # noqa: ASYNC110  # PostgreSQL tells nobody
            await asyncio.sleep(0.05)
    async with frozen.use() as connection:
        assert not await connection.fetchval("SELECT pg_try_advisory_lock(1)")
    await frozen.close()
    await other.close()


async def test_no_transaction_of_a_frozen_process_stays_open_for_ever(database_url: str) -> None:
    held = Held(database_url, name="frozen", hot=True)
    async with held.use() as connection:
        assert await connection.fetchval("SHOW idle_in_transaction_session_timeout") == "20s"
        await connection.execute("SET idle_in_transaction_session_timeout = '200ms'")

    async def frozen_in_a_transaction() -> None:
        async with held.use() as connection, connection.transaction(), asyncio.timeout(10):
            while not connection.is_closed():  # noqa: ASYNC110  # the server hangs up, nobody sets an event
                await asyncio.sleep(0.02)
            await connection.fetchval("SELECT 1")

    with pytest.raises(DatabaseUnavailable):
        await frozen_in_a_transaction()
    await held.close()
