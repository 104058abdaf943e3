"""The consume loop, over the log in memory: nothing is swallowed, nothing is committed before it is done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from shared.errors import Temporary
from shared.eventlog.encoding import partition_of
from shared.worker import Batch
from tests.shared.stage import GROUP, STREAM, Stage, event, spoil_record, until


@pytest.fixture
def stage() -> Stage:
    return Stage()


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


async def test_a_table_that_is_away_when_something_must_be_parked_pauses_too(stage: Stage) -> None:
    await stage.log.publish(STREAM, [event(0)])
    stage.spoil = spoil_record(0, ValueError("poison"))
    park, refusals = stage.parking.park, [Temporary("away", retry_after=0.0)] * 2

    async def park_later(*args: Any, **named: Any) -> None:
        if args[1] and refusals:
            raise refusals.pop()
        await park(*args, **named)

    stage.parking.park = park_later  # type: ignore[method-assign]
    async with stage.running():
        await until(lambda: stage.committed() == 1)
    assert len(stage.parked()) == 1


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
