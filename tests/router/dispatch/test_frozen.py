"""A dispatcher's process that is stopped and continued: another works meanwhile, and the old one makes no effect."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.router.dispatch.loop import Dispatcher
from services.router.rulesets import RuleSetStore
from shared.clock import SystemClock
from shared.database.wakeups import Wakeups
from shared.telemetry import Metrics

PROCESS = """
import asyncio, sys
from services.router.dispatch.loop import Dispatcher
from services.router.rulesets import RuleSetStore
from shared.clock import SystemClock
from shared.database.connection import create_pool
from shared.database.wakeups import Wakeups
from shared.health import Health
from shared.service import supervise
from shared.telemetry import Metrics

async def main(url):
    pool, wakeups, metrics = await create_pool(url, name="child", size=2), Wakeups(url), Metrics()
    dispatcher = Dispatcher(
        database_url=url, wakeups=wakeups, clock=SystemClock(), metrics=metrics, rulesets=RuleSetStore(pool)
    )
    await supervise([wakeups, dispatcher], health=Health(), metrics=metrics)

asyncio.run(main(sys.argv[1]))
"""


async def until(condition: Callable[[], Awaitable[bool]], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.05)


@pytest.mark.system
async def test_a_process_that_was_stopped_writes_nothing_when_it_is_continued(
    database_url: str, pool: asyncpg.Pool[asyncpg.Record], desk: Any
) -> None:
    desk.clock = SystemClock()
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROCESS, database_url, cwd=Path(__file__).parents[3]
    )
    wakeups, metrics = Wakeups(database_url), Metrics()
    here = Dispatcher(
        database_url=database_url,
        wakeups=wakeups,
        clock=desk.clock,
        metrics=metrics,
        rulesets=RuleSetStore(pool),
    )
    tasks = []
    try:
        jana, lukas = await desk.agent("jana"), await desk.agent("lukas")
        first = await desk.item("first", requires={"language.de": 5})

        async def offered(*items: str) -> bool:
            return set(items) <= set(await desk.offers())

        async def waits_again() -> bool:
            return await _lock_sessions(pool) == 2

        await until(lambda: offered(first), 10)
        os.kill(child.pid, signal.SIGSTOP)
        tasks = [asyncio.create_task(service.run()) for service in (wakeups, here)]
        second = await desk.item("second")
        await until(lambda: offered(first, second), 15)
        os.kill(child.pid, signal.SIGCONT)
        await until(waits_again, 15)
        terms = await pool.fetch("SELECT work_item_id, agent_id, term FROM router.offer ORDER BY made_at")
        assert [(str(row["work_item_id"]), row["term"]) for row in terms] == [(first, 1), (second, 2)]
        assert {str(row["agent_id"]) for row in terms} == {jana, lukas}
        assert (await desk.kinds()).count("offer.made") == 2
        assert metrics.dispatcher_active._value.get() == 1
    finally:
        child.kill()
        await child.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _lock_sessions(pool: asyncpg.Pool[asyncpg.Record]) -> int:
    found: int = await pool.fetchval(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE application_name = 'dispatcher-lock' AND datname = current_database()"
    )
    return found
