"""All adapters of the event log, each as a world of processes that can die."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from shared.database.connection import connect
from shared.database.wakeups import Wakeups
from shared.eventlog.base import EventLog, Record, Subscription
from shared.eventlog.kafka.log import KafkaLog
from shared.eventlog.kafka.options import Access, Patience
from shared.eventlog.memory import MemoryBroker, MemoryLog
from shared.eventlog.postgres import PostgresLog
from shared.events import CloudEvent, decode
from shared.health import Health
from shared.service import supervise
from shared.telemetry import Metrics
from tests.conftest import KAFKA_BOOTSTRAP

DEADLINE = 10.0
SESSION = 1.0 if KAFKA_BOOTSTRAP is None else 6.0
"""Seconds of silence until a member is dead; a broker of somebody else's allows no fewer than six."""
FETCH = 0.7
"""Seconds; a member that was just asked to begin elsewhere waits for an answer from where it was, half a second."""


class World:
    """Processes that share one log; each ``process()`` is a connection of its own that can die.

    ``moment`` is how long a poll needs to see what has long been there.
    """

    def __init__(
        self,
        make: Callable[[], EventLog],
        wipe: Callable[[], Awaitable[None]],
        *,
        stream: str = "things.happened",
        moment: float = 0,
    ) -> None:
        self._make = make
        self.wipe = wipe
        self.stream = stream
        self.moment = moment
        self.logs: list[EventLog] = []
        self.watches: list[asyncio.Task[None]] = []

    def process(self) -> EventLog:
        self.logs.append(self._make())
        return self.logs[-1]

    @staticmethod
    def event(key: str, n: int, **data: Any) -> CloudEvent:
        return CloudEvent(
            id=f"{key}-{n}",
            type="inquiryrouter.thing.happened.v1",
            source="test",
            subject=key,
            key=key,
            time=datetime(2026, 3, 4, 9, tzinfo=UTC),
            data={"n": n} | data,
        )

    @staticmethod
    def numbers(records: Sequence[Record], key: str) -> list[int]:
        return [decode(r.key, r.headers, r.value).data["n"] for r in records if r.key == key]

    @staticmethod
    def after(records: Sequence[Record]) -> dict[int, int]:
        return {r.partition: r.position + 1 for r in records}

    @staticmethod
    async def take(subscription: Subscription, count: int, *, commit: bool = True) -> list[Record]:
        """Poll until ``count`` records came."""
        records: list[Record] = []
        async with asyncio.timeout(DEADLINE):
            while len(records) < count:
                batch = await subscription.poll(limit=100, wait=0.5)
                if commit:
                    await subscription.commit(World.after(batch))
                records += batch
        return records

    async def drain(self, subscription: Subscription) -> list[Record]:
        records: list[Record] = []
        while batch := await subscription.poll(limit=100, wait=self.moment):
            records += batch
        return records


@pytest.fixture(params=["memory", "postgres", pytest.param("kafka", marks=pytest.mark.system)])
def bare_world(request: pytest.FixtureRequest) -> World:
    return _WORLDS[request.param](request)


@pytest.fixture
def stream(bare_world: World) -> str:
    """The stream of this test; on a broker that others use too, nobody else's."""
    return bare_world.stream


def _memory(_: pytest.FixtureRequest) -> World:
    broker = MemoryBroker()

    async def wipe() -> None:
        broker.wipe()

    return World(lambda: MemoryLog(broker), wipe)


def _postgres(request: pytest.FixtureRequest) -> World:
    url: str = request.getfixturevalue("database_url")

    async def wipe() -> None:
        connection = await connect(url, name="wipe")
        await connection.execute("TRUNCATE log.stream, log.head, log.record")
        await connection.close()

    return World(lambda: PostgresLog(url, wakeups=Wakeups(url), lease_seconds=1.0), wipe)


def _kafka(request: pytest.FixtureRequest) -> World:
    bootstrap: str = request.getfixturevalue("kafka_bootstrap")
    patience = Patience(session=SESSION)

    async def wipe() -> None:
        """As far as a broker can be wiped that others use too: the stream is gone, with all that groups knew of it."""
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        await admin.start()
        await admin.delete_topics([world.stream])
        await admin.close()

    def process() -> EventLog:
        """With the loop that looks after its streams, as in the product."""
        log = KafkaLog(Access(bootstrap), patience=patience)
        world.watches.append(asyncio.create_task(supervise([log], health=Health(), metrics=Metrics())))
        return log

    world = World(process, wipe, stream=f"test.{uuid4().hex[:12]}", moment=FETCH)
    return world


_WORLDS = {"memory": _memory, "postgres": _postgres, "kafka": _kafka}


@pytest.fixture
async def world(bare_world: World) -> AsyncIterator[World]:
    yield bare_world
    for watch in bare_world.watches:
        watch.cancel()
    for log in bare_world.logs:
        await log.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many tests each adapter has passed of the suite that all must pass."""
    passed = [
        report.nodeid for report in terminalreporter.stats.get("passed", []) if "/eventlog/test_" in report.nodeid
    ]
    counts = {adapter: sum(f"[{adapter}" in nodeid for nodeid in passed) for adapter in _WORLDS}
    if any(counts.values()):
        told = ", ".join(f"{count} over {adapter}" for adapter, count in counts.items())
        terminalreporter.write_line(f"contract of the event log, tests passed: {told}")
