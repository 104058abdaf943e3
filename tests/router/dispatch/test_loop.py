"""Two dispatchers on one database: one works, the other takes over, and nothing is offered twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import pytest

from services.router.dispatch.loop import Dispatcher
from services.router.rulesets import RuleSetStore
from shared.clock import SystemClock
from shared.database.wakeups import Wakeups
from shared.errors import Temporary
from shared.telemetry import Metrics


class Running:
    """One process with a dispatcher, as far as PostgreSQL can tell."""

    def __init__(self, url: str, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self.metrics = Metrics()
        self.lost = 0
        self._wakeups = Wakeups(url)
        self._dispatcher = Dispatcher(
            database_url=url,
            wakeups=self._wakeups,
            clock=SystemClock(),
            metrics=self.metrics,
            rulesets=RuleSetStore(pool),
        )
        self._tasks = [asyncio.create_task(self._keep(service)) for service in (self._wakeups, self._dispatcher)]

    @property
    def active(self) -> bool:
        return self.metrics.dispatcher_active._value.get() == 1

    async def kill(self) -> None:
        """As SIGKILL does: its sessions end, nothing is tidied up."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _keep(self, service: Any) -> None:
        while True:
            try:
                await service.run()
            except Temporary:
                self.lost += service is self._dispatcher
                await asyncio.sleep(0.05)


@pytest.fixture
async def run(database_url: str, pool: asyncpg.Pool[asyncpg.Record]) -> AsyncIterator[Callable[[], Running]]:
    running: list[Running] = []

    def start() -> Running:
        running.append(Running(database_url, pool))
        return running[-1]

    yield start
    for one in running:
        await one.kill()


@pytest.fixture
def real_desk(desk: Any) -> Any:
    desk.clock = SystemClock()
    return desk


async def until(condition: Callable[[], Any], seconds: float = 10.0) -> None:
    """Return when ``condition`` holds; fail if it does not within ``seconds``."""
    async with asyncio.timeout(seconds):
        while True:
            found = condition()
            if await found if asyncio.iscoroutine(found) else found:
                return
            await asyncio.sleep(0.01)


async def test_an_item_is_offered_within_milliseconds_of_its_commit(run: Callable[[], Running], real_desk: Any) -> None:
    one = run()
    jana = await real_desk.agent("jana")
    await until(lambda: one.active)
    item = await real_desk.item()

    async def offered() -> bool:
        return await real_desk.offers() == {item: jana}

    await until(offered, 0.5)


async def test_one_works_and_the_other_takes_over_when_it_is_killed(run: Callable[[], Running], real_desk: Any) -> None:
    jana = await real_desk.agent("jana")
    first = run()
    await until(lambda: first.active)
    second = run()
    await real_desk.agent("lukas", skills={"language.en": 5})
    mail = await real_desk.item("mail")

    async def offered(count: int) -> bool:
        return len(await real_desk.offers()) == count

    await until(lambda: offered(1))
    assert not second.active
    await first.kill()
    assert not first.active
    english = await real_desk.item("english", language="en")
    await until(lambda: second.active, 10)
    await until(lambda: offered(2))
    offers = await real_desk.offers()
    assert offers[mail] == jana
    assert english in offers
    assert await real_desk.pool.fetchval("SELECT term FROM router.term") == 2


async def test_whoever_loses_its_lock_stops_at_once_and_queues_again(
    run: Callable[[], Running], real_desk: Any
) -> None:
    first = run()
    await until(lambda: first.active)
    second = run()
    await real_desk.agent("jana")
    await _end_sessions(real_desk.pool, "dispatcher-lock")
    await until(lambda: second.active or first.lost)
    item = await real_desk.item()

    async def offered() -> bool:
        return item in await real_desk.offers()

    await until(offered)
    assert first.active + second.active <= 1


async def test_nothing_is_offered_twice_while_the_lock_changes_hands_again_and_again(
    run: Callable[[], Running], real_desk: Any
) -> None:
    contenders = [run() for _ in range(3)]
    for number in range(8):
        await real_desk.agent(f"agent-{number}")
    items = []
    for number in range(24):
        items.append(await real_desk.item(f"chat-{number}", channel="chat"))
        if number % 4 == 3:
            await _end_sessions(real_desk.pool, "dispatcher-lock")
            await until(lambda: any(one.active for one in contenders))

    async def everybody_is_asked() -> bool:
        return len(await real_desk.offers()) == 8

    await until(everybody_is_asked, 15)
    rows = await real_desk.pool.fetch("SELECT work_item_id, agent_id, weight FROM router.offer WHERE state = 'open'")
    assert len({row["work_item_id"] for row in rows}) == len({row["agent_id"] for row in rows}) == 8
    assert await real_desk.pool.fetchval("SELECT count(*) FROM router.offer") == 8
    assert {row["load"] for row in await real_desk.pool.fetch("SELECT load FROM router.agent")} == {33}
    made = [kind for kind in await real_desk.kinds() if kind == "offer.made"]
    assert len(made) == 8


async def _end_sessions(pool: asyncpg.Pool[asyncpg.Record], name: str) -> None:
    await pool.execute(
        "SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid"
        " WHERE a.application_name = $1 AND l.locktype = 'advisory' AND l.granted"
        " AND a.datname = current_database()",
        name,
    )
