"""All streams are read again from their start: nothing that is there changes, and nothing new comes of it."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from bench.broker import Broker
from bench.load.product import Product
from shared.eventlog.encoding import PARTITIONS
from shared.events import STREAMS
from tests.system.kafka.apart import Apart, apart, eventually
from tests.system.person import Person

pytestmark = pytest.mark.system

TABLES = ("contact", "conversation", "message", "work_item", "offer", "assignment", "events", "decision", "agent")


async def test_everything_read_again_changes_nothing(broker: Broker, database_url: str, pool: Any) -> None:
    broker.start()
    async with apart(database_url, pool, f"kafka://{broker.bootstrap}", each=(1, 2, 2)) as services:
        async with Person.signed_in(services.routers[0].run["http"], "astrid") as astrid:
            await astrid.is_("available")
            await services.posts(range(60), a_second=30)
            await services.all_routed(seconds=30)
            offers = await eventually(lambda: _offers(astrid), seconds=10, what="an offer")
            await astrid.works_off(offers[0])
            await astrid.is_("offline")
        await _at_rest(services)
        for product in services.services:
            product.stop()
        await _to_the_start(broker.bootstrap, pool)
        before = await _picture(pool)
        await asyncio.gather(*(product.start() for product in services.services))
        await _at_rest(services)
        assert await pool.fetchval("SELECT sum(pos) FROM router.position") > 0, "it was read again"
        assert await _picture(pool) == before
        assert await services.routed() == set(services.ids)


async def _offers(agent: Person) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await agent.get("/offers", state="open"))["items"]
    return found


async def _at_rest(services: Apart) -> None:
    """Until every reader has read everything, and every fact is on the log."""

    async def is_idle() -> bool:
        return all(await asyncio.gather(*(_is_idle(services, product) for product in services.services)))

    await eventually(is_idle, seconds=40, what="rest")


async def _is_idle(services: Apart, product: Product) -> bool:
    measured = await services.metrics(product)
    behind = [line for line in measured.splitlines() if line.startswith("inquiry_router_log_lag_records{")]
    pending = [line for line in measured.splitlines() if line.startswith("inquiry_router_outbox_pending ")]
    return all(line.endswith(" 0.0") for line in (*behind, *pending)) and await services.ready(product)


async def _to_the_start(bootstrap: str, pool: Any) -> None:
    """As if no group had ever read anything."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    groups = [name for name, *_ in await admin.list_consumer_groups()]
    await admin.close()
    assert len(groups) == len(STREAMS)
    for group in groups:
        (stream,) = (stream for stream in STREAMS if group.endswith(stream))
        consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
        places = [TopicPartition(stream, part) for part in range(PARTITIONS)]
        consumer.assign(places)
        await consumer.start()
        await consumer.commit(dict.fromkeys(places, 0))
        await consumer.stop()
    await pool.execute("UPDATE router.position SET pos = 0")


async def _picture(pool: Any) -> dict[str, tuple[int, str]]:
    """What the router knows: per table, how much and a hash of all of it."""
    found = {}
    for table in TABLES:
        rows = await pool.fetch(f"SELECT to_jsonb(t)::text AS row FROM router.{table} t ORDER BY 1")
        digest = hashlib.sha256("\n".join(row["row"] for row in rows).encode()).hexdigest()
        found[table] = (len(rows), digest)
    return found
