"""A service that finds no broker says so and is not ready; one that loses it stops in time all the same."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx
import pytest

from bench.broker import Broker
from bench.broker.ports import free_port
from bench.load.product import COMMAND
from tests.system.installation import installation
from tests.system.kafka.apart import TO_STOP, apart, eventually

pytestmark = pytest.mark.system


async def test_a_service_that_finds_no_broker_waits_and_says_for_what(broker: Broker, database_url: str) -> None:
    ports = {"HTTP_PORT": str(free_port()), "ADMIN_PORT": str(free_port())}
    where = {"DATABASE_URL": database_url, "LOG_URL": f"kafka://{broker.bootstrap}"}
    with installation(command=(COMMAND[0], "serve", "classifier"), **where, **ports) as classifier:
        starting = asyncio.create_task(classifier.start())
        async with httpx.AsyncClient(timeout=2) as client:

            async def told() -> bool:
                try:
                    health = (await client.get(f"http://127.0.0.1:{ports['ADMIN_PORT']}/health")).json()
                except httpx.TransportError:
                    return False
                return f"{broker.bootstrap} cannot be reached" in health["parts"].get("log", "")

            await eventually(told, seconds=40, what="a reason")
            assert (await client.get(f"http://127.0.0.1:{ports['HTTP_PORT']}/readyz")).status_code == 503
            assert not starting.done()
            await asyncio.to_thread(broker.start)
            await starting
            assert (await client.get(f"http://127.0.0.1:{ports['HTTP_PORT']}/readyz")).status_code == 200


async def test_everything_stops_in_time_while_the_broker_does_not_answer(
    broker: Broker, database_url: str, pool: Any
) -> None:
    broker.start()
    async with apart(database_url, pool, f"kafka://{broker.bootstrap}", each=(1, 1, 1)) as services:
        await services.post(1)
        await services.all_routed(seconds=20)
        broker.freeze()
        await services.post(2)
        told = time.monotonic()
        for product in services.services:
            assert product.process is not None
            product.process.terminate()
        assert [product.stop() for product in services.services] == [0, 0, 0]
        assert time.monotonic() - told < TO_STOP
