"""Every service is restarted, one after the other, under load: nobody outside notices but by waiting a little."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import httpx
import pytest

from bench.broker import Broker
from bench.load.agents import sign_in
from bench.load.product import PASSWORD
from tests.system.kafka.apart import TO_STOP, Apart, apart

pytestmark = pytest.mark.system

A_SECOND = 15


async def test_a_rolling_restart_is_no_error_and_no_loss(broker: Broker, database_url: str, pool: Any) -> None:
    broker.start()
    async with apart(database_url, pool, f"kafka://{broker.bootstrap}", each=(2, 2, 2)) as services:
        load = [asyncio.create_task(_post_on(services)), asyncio.create_task(_read_on(services))]
        for product in services.services:
            assert await asyncio.to_thread(product.stop, seconds=TO_STOP) == 0
            await product.start()
        for task in load:
            task.cancel()
        await asyncio.gather(*load, return_exceptions=True)
        await services.all_routed(seconds=30)
        assert services.complaints == []
        assert len(services.ids) > 100
        await services.nothing_twice()


async def _post_on(services: Apart) -> None:
    """A steady stream of inquiries, each to the end."""
    posting: set[asyncio.Task[str]] = set()
    try:
        for number in itertools.count():
            posting.add(asyncio.create_task(services.post(number, seconds=20)))
            await asyncio.sleep(1 / A_SECOND)
    finally:
        await asyncio.gather(*posting)


async def _read_on(services: Apart) -> None:
    """Somebody at a desk, at whichever router answers."""
    _, token = await sign_in(services.routers[0].run["http"], "astrid", PASSWORD)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(headers=headers, timeout=10) as client:
        for turn in itertools.count():
            router = services.routers[turn % 2]
            await services.ask(client, "GET", f"{router.run['http']}/api/v1/offers", params={"state": "open"})
            await asyncio.sleep(0.1)
