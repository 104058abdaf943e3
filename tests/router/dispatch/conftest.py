"""The desk of a real database, and one dispatcher at it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from services.router.dispatch.gauges import Gauges
from services.router.dispatch.journal import Journal
from services.router.dispatch.term import Term
from shared.clock import ManualClock
from shared.database.connection import Held
from shared.telemetry import Metrics
from tests.router.dispatch.desk import Desk
from tests.router.dispatch.dispatching import Dispatching, Live


@pytest.fixture
def desk(pool: asyncpg.Pool[asyncpg.Record], clock: ManualClock) -> Desk:
    return Desk(pool, clock)


@pytest.fixture
async def dispatching(database_url: str, clock: ManualClock, desk: Desk) -> AsyncIterator[Dispatching]:
    held = Held(database_url, name="dispatcher", hot=True)
    metrics = Metrics()
    journal = Journal(held, term=0)
    term = Term(journal=journal, clock=clock, rulesets=Live(), gauges=Gauges(metrics))
    yield Dispatching(term, journal, metrics, await term.build())
    await held.close()
