"""An inquiry whose record waits for a person is told as quarantined, and is not published over and over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.ingest.accept import Accept
from services.ingest.store import publishing
from services.ingest.store.reads import Filter, Reads
from shared.clock import SystemClock
from shared.domain.ids import derived_id
from shared.eventlog.base import Record
from shared.events import CLASSIFIED, RECEIVED, ROUTING
from shared.quarantine import PostgresQuarantine
from shared.telemetry import Metrics
from tests.ingest.test_relay import at_work, delivery

Pool = asyncpg.Pool


@pytest.fixture
async def inquiry(database_url: str, pool: Pool) -> AsyncIterator[UUID]:
    """One that was published, long ago."""
    accept = Accept(database_url=database_url, clock=SystemClock(), metrics=Metrics())
    async with at_work(accept):
        receipt = await accept.submit(delivery("a"))
        async with pool.acquire() as conn:
            (one,) = await publishing.new(conn, await publishing.lock(conn, 8), 9)
            await publishing.mark(conn, [one.seq], 0.0)
        yield receipt.id


async def quarantine(pool: Pool, stream: str, subject: UUID) -> None:
    record = Record(stream, 0, 0, "key", {"ce_id": "e", "ce_subject": str(subject)}, b"{}")
    await PostgresQuarantine(pool, metrics=Metrics()).put("stage", record, "x")


async def state(pool: Pool, inquiry: UUID) -> str:
    row = await Reads(pool).one(inquiry)
    assert row is not None
    return str(row["state"])


async def due(pool: Pool) -> int:
    async with pool.acquire() as conn, conn.transaction():
        return len(await publishing.again(conn, await publishing.lock(conn, 8), 9))


@pytest.mark.parametrize("stream", [RECEIVED, CLASSIFIED])
async def test_it_is_quarantined_until_its_record_is_replayed(pool: Pool, inquiry: UUID, stream: str) -> None:
    assert (await state(pool, inquiry), await due(pool)) == ("received", 1)
    await quarantine(pool, stream, inquiry)
    assert (await state(pool, inquiry), await due(pool)) == ("quarantined", 0)
    assert len(await Reads(pool).page(Filter(state="quarantined"), 9)) == 1
    assert await Reads(pool).page(Filter(state="received"), 9) == []
    await pool.execute("UPDATE log.quarantine SET replayed_at = now()")
    assert (await state(pool, inquiry), await due(pool)) == ("received", 1)


async def test_one_that_the_router_has_goes_on_whatever_else_is_quarantined(pool: Pool, inquiry: UUID) -> None:
    await quarantine(pool, ROUTING, inquiry)
    await quarantine(pool, RECEIVED, derived_id("another", str(uuid4())))
    assert await state(pool, inquiry) == "received"
    await quarantine(pool, RECEIVED, inquiry)
    await pool.execute("UPDATE ingest.receipt SET routed = true")
    assert await state(pool, inquiry) == "received"
