"""The consume loop, over the log in memory: nothing is swallowed, nothing is committed before it is done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from shared.errors import Permanent, Temporary, Undecodable
from shared.eventlog.base import Record
from shared.eventlog.encoding import partition_of
from shared.eventlog.memory import MemoryBroker, MemoryLog
from shared.events import CloudEvent
from shared.health import Health
from shared.quarantine import MemoryQuarantine
from shared.telemetry import Metrics
from shared.worker import Batch, Consumer

STREAM, GROUP = "things.happened", "stage"


def event(n: int, key: str = "key") -> CloudEvent:
    return CloudEvent(f"e{n}", "t", "test", key, key, datetime(2026, 3, 4, tzinfo=UTC), {"n": n})


@dataclass
class Stage:
    """A stage with a handler that tests spoil."""

    broker: MemoryBroker = field(default_factory=MemoryBroker)
    quarantine: MemoryQuarantine = field(default_factory=MemoryQuarantine)
    health: Health = field(default_factory=Health)
    metrics: Metrics = field(default_factory=Metrics)
    spoil: Callable[[Batch], None] = lambda _: None
    calls: list[list[int]] = field(default_factory=list)
    done: list[int] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.log = MemoryLog(self.broker)

    async def handle(self, batch: Batch) -> None:
        numbers = [event.data["n"] for event in batch]
        self.calls.append(numbers)
        self.spoil(batch)
        self.done += numbers
        self.batches.append(batch)

    def consumer(self) -> Consumer:
        return Consumer(
            group=GROUP,
            stream=STREAM,
            subscribe=lambda: self.log.subscribe(STREAM, GROUP),
            handle=self.handle,
            quarantine=self.quarantine,
            health=self.health,
            metrics=self.metrics,
            wait_seconds=0.05,
            retry_seconds=0.0,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.consumer().run())
        try:
            yield
        finally:
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    def committed(self) -> int:
        group = self.broker.groups.get((STREAM, GROUP))
        return sum(group.committed.values()) if group else 0

    def quarantined(self) -> list[tuple[int, str]]:
        return [(record.position, reason) for record, reason in self.quarantine.kept.values()]


@pytest.fixture
def stage() -> Stage:
    return Stage()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.001)


def spoil_record(n: int, error: Exception, times: int = 1_000) -> Callable[[Batch], None]:
    left = [times]

    def spoil(batch: Batch) -> None:
        if any(event.data["n"] == n for event in batch) and left[0]:
            left[0] -= 1
            raise error

    return spoil


async def test_a_batch_is_handled_and_then_committed(stage: Stage) -> None:
    await stage.log.publish(STREAM, [event(n) for n in range(5)])
    async with stage.running():
        await until(lambda: stage.committed() == 5)
    assert stage.done == [0, 1, 2, 3, 4]
    (batch,) = stage.batches
    assert batch.positions == {partition_of("key"): 5}
    assert batch.fence > 0


async def test_nothing_is_committed_while_the_handler_works_and_a_cancelled_batch_comes_again(stage: Stage) -> None:
    await stage.log.publish(STREAM, [event(1)])
    started, finish = asyncio.Event(), asyncio.Event()
    handle: Callable[[Batch], Awaitable[None]] = stage.handle

    async def slow(batch: Batch) -> None:
        started.set()
        await finish.wait()
        await handle(batch)

    stage.handle = slow  # type: ignore[method-assign]
    async with stage.running():
        await started.wait()
        assert stage.committed() == 0
    finish.set()
    async with stage.running():
        await until(lambda: stage.committed() == 1)
    assert stage.done == [1]


async def test_what_is_no_event_is_quarantined_at_once_and_its_neighbours_are_handled(stage: Stage) -> None:
    await stage.log.publish(STREAM, [event(0)])
    raw = Record(STREAM, partition_of("key"), 1, "key", {"ce_id": "x"}, b"\xff\x00 no event")
    stage.broker.part(STREAM, partition_of("key")).append(raw)
    await stage.log.publish(STREAM, [event(2)])
    async with stage.running():
        await until(lambda: stage.committed() == 3)
    assert stage.calls == [[0, 2]]
    ((kept, reason),) = stage.quarantine.kept.values()
    assert kept == raw
    assert reason.startswith("Undecodable: not a CloudEvent of ours")


async def test_a_record_that_fails_three_times_is_quarantined_and_the_others_are_done_once(stage: Stage) -> None:
    await stage.log.publish(STREAM, [event(n) for n in range(4)])
    stage.spoil = spoil_record(2, ValueError("poison"))
    async with stage.running():
        await until(lambda: stage.committed() == 4)
    assert stage.calls == [[0, 1, 2, 3], [0], [1], [2], [2], [2], [3]]
    assert stage.done == [0, 1, 3]
    assert stage.quarantined() == [(2, "ValueError: poison")]


async def test_a_permanent_refusal_is_tried_alone_too(stage: Stage) -> None:
    await stage.log.publish(STREAM, [event(0), event(1)])
    stage.spoil = spoil_record(0, Permanent("never"))
    async with stage.running():
        await until(lambda: stage.committed() == 2)
    assert (stage.done, stage.quarantined()) == ([1], [(0, "Permanent: never")])


async def test_a_body_of_an_unknown_version_is_not_tried_three_times(stage: Stage) -> None:
    await stage.log.publish(STREAM, [event(0), event(1)])
    stage.spoil = spoil_record(0, Undecodable("v9"))
    async with stage.running():
        await until(lambda: stage.committed() == 2)
    assert stage.calls == [[0, 1], [0], [1]]


async def test_a_mistake_that_passes_leaves_nothing_in_quarantine(stage: Stage) -> None:
    await stage.log.publish(STREAM, [event(0), event(1)])
    stage.spoil = spoil_record(1, RuntimeError("once"), times=2)
    async with stage.running():
        await until(lambda: stage.committed() == 2)
    assert (stage.done, stage.quarantined()) == ([0, 1], [])


async def test_an_absent_dependency_pauses_and_uses_up_no_tries(stage: Stage) -> None:
    await stage.log.publish(STREAM, [event(0), event(1)])
    away = Temporary("database away", retry_after=0.0)
    stage.spoil = spoil_record(0, away)
    async with stage.running():
        await until(lambda: len(stage.calls) > 3)
        assert stage.health.ready() == (False, {GROUP: "database away"})
        assert stage.committed() == 0
        stage.spoil = lambda _: None
        await until(lambda: stage.committed() == 2)
    assert stage.done == [0, 1]
    assert stage.quarantined() == []
    assert stage.health.ready()[0]


async def test_an_absent_quarantine_pauses_too(stage: Stage) -> None:
    await stage.log.publish(STREAM, [event(0)])
    stage.spoil = spoil_record(0, ValueError("poison"))
    put, refusals = stage.quarantine.put, [Temporary("away", retry_after=0.0)] * 2

    async def put_later(name: str, record: Record, reason: str) -> None:
        if refusals:
            raise refusals.pop()
        await put(name, record, reason)

    stage.quarantine.put = put_later  # type: ignore[method-assign]
    async with stage.running():
        await until(lambda: stage.committed() == 1)
    assert len(stage.quarantined()) == 1


async def test_an_absent_log_pauses_and_nothing_is_lost(stage: Stage) -> None:
    await stage.log.publish(STREAM, [event(0)])

    def switch_off(batch: Batch) -> None:
        stage.broker.available = False

    stage.spoil = switch_off
    async with stage.running():
        await until(lambda: not stage.health.ready()[0])
        assert stage.committed() == 0
        stage.spoil = lambda _: None
        stage.broker.available = True
        await until(lambda: stage.committed() == 1)
    assert stage.done == [0, 0], "done, not committed, and so done again"


async def test_lag_is_told(stage: Stage) -> None:
    await stage.log.publish(STREAM, [event(0)])
    async with stage.running():
        await until(lambda: stage.committed() == 1)
        await until(
            lambda: (
                stage.metrics.registry.get_sample_value(
                    "inquiry_router_log_lag_records", {"group": GROUP, "stream": STREAM}
                )
                == 0
            )
        )
