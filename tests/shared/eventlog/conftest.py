"""Both adapters of the event log, each as a world of processes that can die."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.database.connection import connect
from shared.database.wakeups import Wakeups
from shared.eventlog.base import EventLog, Record, Subscription
from shared.eventlog.memory import MemoryBroker, MemoryLog
from shared.eventlog.postgres import PostgresLog
from shared.events import CloudEvent, decode

DEADLINE = 10.0


class World:
    """Processes that share one log; each ``process()`` is a connection of its own that can die."""

    def __init__(self, make: Callable[[], EventLog], wipe: Callable[[], Awaitable[None]]) -> None:
        self._make = make
        self.wipe = wipe
        self.logs: list[EventLog] = []

    def process(self) -> EventLog:
        self.logs.append(self._make())
        return self.logs[-1]

    @staticmethod
    def event(key: str, n: int, **data: Any) -> CloudEvent:
        return CloudEvent(
            id=f"{key}-{n}",
            type="inquiryrouter.thing.happened.v1",
            source="test",
            subject=key,
            key=key,
            time=datetime(2026, 3, 4, 9, tzinfo=UTC),
            data={"n": n} | data,
        )

    @staticmethod
    def numbers(records: Sequence[Record], key: str) -> list[int]:
        return [decode(r.key, r.headers, r.value).data["n"] for r in records if r.key == key]

    @staticmethod
    def after(records: Sequence[Record]) -> dict[int, int]:
        return {r.partition: r.position + 1 for r in records}

    @staticmethod
    async def take(subscription: Subscription, count: int, *, commit: bool = True) -> list[Record]:
        """Poll until ``count`` records came."""
        records: list[Record] = []
        async with asyncio.timeout(DEADLINE):
            while len(records) < count:
                batch = await subscription.poll(limit=100, wait=0.5)
                if commit:
                    await subscription.commit(World.after(batch))
                records += batch
        return records

    @staticmethod
    async def drain(subscription: Subscription) -> list[Record]:
        records: list[Record] = []
        while batch := await subscription.poll(limit=100, wait=0):
            records += batch
        return records


@pytest.fixture(params=["memory", "postgres"])
def bare_world(request: pytest.FixtureRequest) -> World:
    if request.param == "memory":
        broker = MemoryBroker()

        async def wipe_broker() -> None:
            broker.wipe()

        return World(lambda: MemoryLog(broker), wipe_broker)
    url: str = request.getfixturevalue("database_url")

    async def wipe_database() -> None:
        connection = await connect(url, name="wipe")
        await connection.execute("TRUNCATE log.stream, log.head, log.record")
        await connection.close()

    return World(lambda: PostgresLog(url, wakeups=Wakeups(url), lease_seconds=1.0), wipe_database)


@pytest.fixture
async def world(bare_world: World) -> AsyncIterator[World]:
    yield bare_world
    for log in bare_world.logs:
        await log.close()
