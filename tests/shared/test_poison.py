"""A hundred and fifty records that cannot be handled, of three kinds, among five thousand that can."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import pytest
from structlog.testing import capture_logs

from shared.database.wakeups import Wakeups
from shared.errors import Undecodable
from shared.eventlog.base import EventLog
from shared.eventlog.kafka.log import KafkaLog
from shared.eventlog.kafka.options import Access
from shared.eventlog.memory import MemoryBroker, MemoryLog
from shared.eventlog.postgres import PostgresLog
from shared.events import CloudEvent, event_type
from shared.health import Health
from shared.parked_table import PostgresParking
from shared.parking import Backoff
from shared.quarantine import PostgresQuarantine
from shared.quarantine_desk import Fix, QuarantineDesk
from shared.service import Service, supervise
from shared.telemetry import Metrics
from shared.worker import Batch, Consumer

STAGE = "stage"
GOOD, BAD, KEYS, MEMBERS = 5_000, 150, 100, 2
KNOWN = event_type("thing.happened")
KINDS = ("undecodable", "version", "crash")
DEADLINE = 100


class Unreadable(CloudEvent):
    """An event whose value was damaged on its way."""

    def value(self) -> bytes:
        return b"\xff\x00 " + self.id.encode()


def event(n: int) -> CloudEvent:
    """Every 34th is bad, the kinds in turn."""
    kind = KINDS[n // 34 % 3] if n % 34 == 33 and n // 34 < BAD else "good"
    kind_of = Unreadable if kind == "undecodable" else CloudEvent
    type_ = KNOWN.replace(".v1", ".v9") if kind == "version" else KNOWN
    key = f"key-{n % KEYS}"
    return kind_of(f"e{n}", type_, "test", kind, key, datetime(2026, 3, 4, tzinfo=UTC), {"n": n, "kind": kind})


@dataclass
class Handler:
    """Does each event once; what it did, by key, in order."""

    broken: bool = True
    known: set[str] = field(default_factory=set)
    done: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    async def handle(self, batch: Batch) -> None:
        for one in batch:
            if one.type != KNOWN:
                raise Undecodable(f"unknown event type {one.type}")
            if one.data["kind"] == "crash" and self.broken:
                raise KeyError("crash")
        for one in batch:
            if one.id not in self.known:
                self.known.add(one.id)
                self.done[one.key].append(one.data["n"])


@dataclass
class Plant:
    """Several members of one stage, all over one log and one database."""

    url: str
    pool: asyncpg.Pool
    logs: list[EventLog]
    stream: str
    handler: Handler = field(default_factory=Handler)
    metrics: Metrics = field(default_factory=Metrics)

    def __post_init__(self) -> None:
        self.quarantine = PostgresQuarantine(self.pool, metrics=self.metrics)
        self.parking = PostgresParking(self.pool, metrics=self.metrics)
        self.desk = QuarantineDesk(self.pool, log=self.logs[0], quarantine=self.quarantine)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for log in self.logs:
                loops = self._member(log)
                task = asyncio.create_task(supervise(loops, health=Health(), metrics=self.metrics))
                stack.callback(task.cancel)
            yield

    def _member(self, log: EventLog) -> list[Service]:
        consumer = Consumer(
            group=STAGE,
            stream=self.stream,
            subscribe=lambda: log.subscribe(self.stream, STAGE),
            handle=self.handler.handle,
            quarantine=self.quarantine,
            parking=self.parking,
            health=Health(),
            metrics=self.metrics,
            backoff=Backoff(seconds=(0.05, 0.1)),
            retry_seconds=0.001,
        )
        return [consumer, consumer.retries, *([log] if isinstance(log, KafkaLog) else [])]

    async def settled(self, count: int) -> None:
        """Until so many events are done or in quarantine, and nothing waits for another try."""
        async with asyncio.timeout(DEADLINE):
            while (  # noqa: ASYNC110  # two tables that set no event
                len(self.handler.known) + len(await self.waiting()) < count or await self.parking.keys(STAGE)
            ):
                await asyncio.sleep(0.05)

    async def waiting(self) -> list[asyncpg.Record]:
        return await self.pool.fetch(
            "SELECT id, event_id, reason, tries FROM log.quarantine WHERE replayed_at IS NULL ORDER BY id"
        )


@pytest.fixture(params=["memory", "postgres", pytest.param("kafka", marks=pytest.mark.system)])
async def plant(request: pytest.FixtureRequest, database_url: str, pool: asyncpg.Pool) -> AsyncIterator[Plant]:
    broker = MemoryBroker()
    make: dict[str, Callable[[], EventLog]] = {
        "memory": lambda: MemoryLog(broker),
        "postgres": lambda: PostgresLog(database_url, wakeups=Wakeups(database_url)),
        "kafka": lambda: KafkaLog(Access(request.getfixturevalue("kafka_bootstrap"))),
    }
    logs = [make[request.param]() for _ in range(MEMBERS)]
    yield Plant(database_url, pool, logs, f"things.{uuid4().hex[:12]}")
    for log in logs:
        await log.close()


async def test_poison_is_out_of_the_way_with_its_reason_and_its_neighbours_are_done_in_order(plant: Plant) -> None:
    events = [event(n) for n in range(GOOD + BAD)]
    for start in range(0, len(events), 500):
        await plant.logs[0].publish(plant.stream, events[start : start + 500])
    with capture_logs():  # a stack with its variables for each would take longer than everything else
        await work(plant, events)


async def work(plant: Plant, events: list[CloudEvent]) -> None:
    async with plant.running():
        await plant.settled(len(events))
        kept = await plant.waiting()
        assert {row["event_id"] for row in kept} == {one.id for one in events if one.subject != "good"}
        assert len(kept) == BAD
        assert {row["reason"].partition(":")[0] for row in kept} == {"Undecodable", "KeyError"}
        assert sum(row["reason"] == "KeyError: 'crash'" for row in kept) == BAD // 3
        assert sum(row["tries"] == 1 for row in kept) == BAD // 3 * 2
        assert len(plant.handler.known) == GOOD
        assert all(numbers == sorted(numbers) for numbers in plant.handler.done.values())
        plant.handler.broken = False
        for row in kept:
            await mend(plant, row["id"])
        outcomes = [outcome async for outcome in plant.desk.replay_all(per_second=10_000)]
        assert [outcome for outcome in outcomes if outcome.fault] == []
        await plant.settled(len(events))
        assert await plant.waiting() == []
        assert sum(map(len, plant.handler.done.values())) == GOOD + BAD


async def mend(plant: Plant, row: int) -> None:
    came = (await plant.desk.get(row)).came
    whole = event(int(came.headers["ce_id"].removeprefix("e")))
    right = CloudEvent(**{name: getattr(whole, name) for name in CloudEvent.__dataclass_fields__})
    await plant.desk.fix(row, Fix(replace(right, type=KNOWN).value(), {"ce_type": KNOWN}), by="test")
