"""Hints reach every subscriber, also after the connection was lost."""

from __future__ import annotations

import asyncio

import pytest

from shared.database.connection import connect
from shared.database.wakeups import Wakeups
from shared.errors import DatabaseUnavailable


async def test_a_notify_sets_the_event_of_every_subscriber_of_its_channel(database_url: str) -> None:
    wakeups = Wakeups(database_url)
    one, two, other = wakeups.subscribe("a"), wakeups.subscribe("a"), wakeups.subscribe("b")
    running = asyncio.create_task(wakeups.run())
    for event in (one, two, other):
        await asyncio.wait_for(event.wait(), 5)  # listening now
        event.clear()
    late = wakeups.subscribe("late")
    await asyncio.wait_for(late.wait(), 5)
    late.clear()
    connection = await connect(database_url, name="test")
    await connection.execute("SELECT pg_notify('a', ''), pg_notify('late', '')")
    for event in (one, two, late):
        await asyncio.wait_for(event.wait(), 5)
    assert not other.is_set()
    running.cancel()
    await connection.close()


async def test_a_lost_connection_ends_the_run_and_the_next_run_wakes_everybody(database_url: str) -> None:
    wakeups = Wakeups(database_url)
    event = wakeups.subscribe("a")
    running = asyncio.create_task(wakeups.run())
    await asyncio.wait_for(event.wait(), 5)
    event.clear()
    connection = await connect(database_url, name="test")
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'wakeups'"
        " AND datname = current_database()"
    )
    with pytest.raises(DatabaseUnavailable):
        await asyncio.wait_for(running, 5)
    running = asyncio.create_task(wakeups.run())
    await asyncio.wait_for(event.wait(), 5)
    running.cancel()
    await connection.close()
