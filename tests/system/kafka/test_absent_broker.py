"""The broker goes away with all it had: the doors stay open, and when it is back everything is routed, once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bench.broker import Broker
from tests.system.kafka.apart import apart

pytestmark = pytest.mark.system

ABSENT = 30
A_SECOND = 10
AFTER = 300
PATIENCE = 60.0


async def test_a_broker_that_was_away_and_comes_back_empty_costs_nothing_but_time(
    broker: Broker, database_url: str, pool: Any
) -> None:
    broker.start()
    async with apart(database_url, pool, f"kafka://{broker.bootstrap}", each=(1, 2, 2)) as services:
        await services.posts(range(50), a_second=25)  # some of these are on their way when it happens
        broker.wipe()
        await services.posts(range(1_000, 1_000 + ABSENT * A_SECOND), a_second=A_SECOND)
        assert services.complaints == []
        assert await services.ready(services.ingests[0]), "it takes what comes, so it is ready"
        await asyncio.to_thread(broker.start)
        await services.all_routed(seconds=PATIENCE)
        await services.posts(range(2_000, 2_000 + AFTER), a_second=30)
        await services.all_routed(seconds=PATIENCE)
        assert services.complaints == []
        assert len(set(services.ids)) == 50 + ABSENT * A_SECOND + AFTER
        await services.nothing_twice()
