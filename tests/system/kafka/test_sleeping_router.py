"""A router that slept through a rebalance wakes with an old fence and changes nothing under it."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

import pytest

from bench.broker import Broker
from bench.load.product import Product
from tests.system.kafka.apart import apart, eventually

pytestmark = pytest.mark.system

ASLEEP = 30.0


async def test_a_router_that_slept_for_thirty_seconds_changes_nothing_under_its_old_fence(
    broker: Broker, database_url: str, pool: Any
) -> None:
    broker.start()
    async with apart(database_url, pool, f"kafka://{broker.bootstrap}", each=(1, 1, 2)) as services:
        await services.posts(range(40), a_second=40)
        await services.all_routed(seconds=20)
        sleeper, _ = services.routers
        before = await _fences(pool)
        posting = asyncio.create_task(services.posts(range(100, 400), a_second=30))
        await asyncio.sleep(0.5)  # in the middle of its work
        _signal(sleeper, signal.SIGSTOP)
        asleep = asyncio.get_running_loop().time()
        await posting
        await services.all_routed(seconds=30)  # the other one has the whole share
        during = await _fences(pool)
        assert all(during[part] > fence for part, fence in before.items())
        # What it would do with an old fence can only be seen if it sleeps through the others' work: the fault itself.
        await asyncio.sleep(max(0.0, ASLEEP - (asyncio.get_running_loop().time() - asleep)))
        facts = await _facts(pool)
        _signal(sleeper, signal.SIGCONT)
        await eventually(lambda: services.ready(sleeper), seconds=20, what="the sleeper's return")
        assert await _facts(pool) == facts
        assert all(fence >= during[part] for part, fence in (await _fences(pool)).items())
        await services.posts(range(1_000, 1_050), a_second=25)
        await services.all_routed(seconds=30)
        await services.nothing_twice()
        assert services.complaints == []


async def _fences(pool: Any) -> dict[int, int]:
    return {row["part"]: row["fence"] for row in await pool.fetch("SELECT part, fence FROM router.position")}


async def _facts(pool: Any) -> int:
    return int(await pool.fetchval("SELECT count(*) FROM router.events"))


def _signal(router: Product, number: signal.Signals) -> None:
    assert router.process is not None
    router.process.send_signal(number)
