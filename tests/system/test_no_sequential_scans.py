"""After a load run no hot table was read from end to end: on young tables the planner does that on every poll."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import asyncpg
import pytest

from bench.load.agents import sign_in
from bench.load.feed import Feed
from bench.load.product import PASSWORD
from bench.measure.load import Load
from bench.measure.over_http import OverHttp
from bench.measure.roster import hire
from tests.system.installation import installation

pytestmark = pytest.mark.system

HOT = {"router.events", "router.work_item", "ingest.receipt", "ingest.raw", "ingest.inquiry", "log.record"}
RATE = 60
SECONDS = 8

_SCANS = """
SELECT schemaname || '.' || relname AS name, n_tup_ins AS rows, seq_tup_read AS read
FROM pg_stat_user_tables WHERE schemaname IN ('router', 'ingest', 'log')
"""


async def test_no_hot_table_is_read_sequentially_under_load(
    database_url: str, pool: asyncpg.Pool[asyncpg.Record]
) -> None:
    tokens = await hire(database_url)
    with installation(DATABASE_URL=database_url) as product:
        await product.start()
        _, operations = await sign_in(product.run["http"], "otto", PASSWORD)
        feed = Feed(product.run["http"], token=operations)
        connected = asyncio.Event()
        following = asyncio.create_task(feed.run(connected=connected))
        await asyncio.wait_for(connected.wait(), 10)
        world = OverHttp(product.run["http"], tokens=tokens, feed=feed)
        run = await Load(world).run(rate=RATE, seconds=SECONDS, seed=1)
        await world.close()
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        assert product.stop() == 0  # every connection ends and tells its statistics
    assert run.errors == []
    assert run.sent >= RATE * SECONDS / 2
    tables = {row["name"]: row for row in await pool.fetch(_SCANS)}
    assert tables.keys() >= HOT
    assert {name: dict(tables[name]) for name in HOT if tables[name]["read"] > tables[name]["rows"]} == {}
