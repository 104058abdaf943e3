"""A log that was lost is noticed once, also by who was not running then, and by nobody who has no reason."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from shared.database.connection import connect
from shared.errors import LogUnavailable
from shared.eventlog.losses import Losses
from shared.eventlog.memory import MemoryBroker, MemoryLog


class Told:
    def __init__(self) -> None:
        self.count = 0
        self.broken = False

    async def again(self, connection: Any) -> int:
        self.count += 1
        if self.broken:
            raise LogUnavailable("not now")
        return 1


class Watched(MemoryLog):
    """Counts how often it was asked."""

    looks = 0

    async def incarnation(self, stream: str) -> str:
        self.looks += 1
        return await super().incarnation(stream)


@asynccontextmanager
async def looking(url: str, log: MemoryLog, again: Callable[[Any], Awaitable[int]], name: str = "reader") -> Any:
    losses = Losses(name=name, database_url=url, log=log, streams=("a", "b"), again=again, look_seconds=0.01)
    task = asyncio.create_task(losses.run())
    yield task
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  # what it waits for happens in another task
            await asyncio.sleep(0.01)


async def test_a_loss_is_noticed_once_by_each_reader(database_url: str) -> None:
    broker = MemoryBroker()
    one, other = Told(), Told()
    log = Watched(broker)
    async with looking(database_url, log, one.again), looking(database_url, log, other.again, "other"):
        await eventually(lambda: one.count == other.count == 1)  # a log never seen is another one
        broker.wipe()
        await eventually(lambda: one.count == other.count == 2)
        asked = log.looks
        await eventually(lambda: log.looks > asked + 8)
    assert (one.count, other.count) == (2, 2)


async def test_a_loss_during_our_absence_is_noticed_and_a_mere_restart_is_not(database_url: str) -> None:
    broker = MemoryBroker()
    told = Told()
    for wiped, expected in ((False, 1), (False, 1), (True, 2)):
        if wiped:
            broker.wipe()
        log = Watched(broker)
        async with looking(database_url, log, told.again):
            await eventually(lambda log=log: log.looks > 4)
        assert told.count == expected


async def test_a_loss_that_could_not_be_dealt_with_is_noticed_again(database_url: str) -> None:
    told = Told()
    told.broken = True
    async with looking(database_url, MemoryLog(), told.again) as task:
        with pytest.raises(LogUnavailable):
            await task
    connection = await connect(database_url, name="test")
    assert await connection.fetchval("SELECT count(*) FROM log.seen") == 0
    await connection.close()
