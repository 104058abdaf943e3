"""Three brokers, of which one dies, and then the one that the groups were led by: a pause, and nothing lost."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from bench.broker import Cluster, Jars
from shared.events import CLASSIFIED
from tests.conftest import KAFKA_BOOTSTRAP
from tests.system.kafka.apart import apart

pytestmark = [pytest.mark.system, pytest.mark.slow]


@pytest.fixture
def cluster(kafka_jars: Jars, tmp_path: Path) -> Iterator[Cluster]:
    if KAFKA_BOOTSTRAP:
        pytest.skip("KAFKA_BOOTSTRAP is given: no broker may be killed")
    cluster = Cluster(tmp_path, jars=kafka_jars)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.kill()


async def test_one_of_three_brokers_dies_and_then_the_coordinator(
    cluster: Cluster, database_url: str, pool: Any
) -> None:
    async with apart(database_url, pool, f"kafka://{cluster.bootstrap}", each=(1, 1, 2)) as services:
        posting = asyncio.create_task(services.posts(range(600), a_second=20))
        coordinator = await _coordinator(cluster)
        first = next(node for node in cluster.brokers if node != coordinator)
        await asyncio.sleep(5)  # under load
        cluster.brokers[first].kill()
        await asyncio.sleep(8)
        await asyncio.to_thread(cluster.brokers[first].start)
        await services.all_routed(seconds=60)
        cluster.brokers[await _coordinator(cluster)].kill()
        await posting
        await services.all_routed(seconds=60)
        assert services.complaints == []
        await services.nothing_twice()


async def _coordinator(cluster: Cluster) -> int:
    admin = AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap)
    await admin.start()
    found: int = await admin.find_coordinator(f"router.{CLASSIFIED}")
    await admin.close()
    return found
