"""Parked records are tried again when they are due, in the order of their key, until they are done or in quarantine."""

from __future__ import annotations

import asyncio

import pytest

from shared.errors import Temporary, Undecodable
from shared.parking import Backoff
from tests.shared.stage import STREAM, Stage, event, spoil_record, until


@pytest.fixture
async def stage() -> Stage:
    """A stage whose record 1 has failed and waits, 2 and 3 behind it."""
    stage = Stage(backoff=Backoff(seconds=(1, 10), jitter=0))
    await stage.log.publish(STREAM, [event(n) for n in range(4)])
    stage.spoil = spoil_record(1, ValueError("poison"))
    async with stage.running():
        await until(lambda: stage.committed() == 4)
    assert (stage.done, len(stage.parked())) == ([0], 3)
    stage.calls.clear()
    return stage


async def test_nothing_is_tried_before_it_is_due(stage: Stage) -> None:
    stage.clock.advance(0.9)
    assert not await stage.retries().turn()
    assert stage.calls == []


async def test_a_mistake_that_has_passed_lets_the_whole_key_go_on_in_order(stage: Stage) -> None:
    stage.spoil = lambda _: None
    stage.clock.advance(1)
    assert await stage.retries().turn()
    assert stage.done == [0, 1, 2, 3]
    assert stage.parked() == []
    assert stage.quarantined() == []


async def test_parked_records_carry_no_positions_of_the_log(stage: Stage) -> None:
    stage.spoil = lambda _: None
    stage.clock.advance(1)
    await stage.retries().turn()
    assert [batch.positions for batch in stage.batches[-3:]] == [{}, {}, {}]


async def test_after_the_last_try_a_record_is_quarantined_and_those_behind_it_go_on(stage: Stage) -> None:
    for seconds in (1, 10):
        stage.clock.advance(seconds - 0.1)
        assert not await stage.retries().turn()
        stage.clock.advance(0.1)
        assert await stage.retries().turn()
    assert stage.calls == [[1], [1], [2], [3]]
    assert stage.done == [0, 2, 3]
    assert stage.quarantined() == [(1, "ValueError: poison")]
    assert stage.parked() == []


async def test_one_behind_that_fails_too_has_its_own_tries(stage: Stage) -> None:
    stage.spoil = spoil_record(2, ValueError("poison"))
    stage.clock.advance(1)
    await stage.retries().turn()
    assert stage.done == [0, 1]
    assert [parked.tries for parked in stage.parking.rows.values()] == [1, 0]
    assert stage.parked() == [(2, "ValueError: poison"), (3, None)]


async def test_what_turns_out_to_be_no_event_of_ours_uses_up_no_further_tries(stage: Stage) -> None:
    stage.spoil = spoil_record(1, Undecodable("v9"))
    stage.clock.advance(1)
    await stage.retries().turn()
    assert stage.quarantined() == [(1, "Undecodable: v9")]
    assert stage.done == [0, 2, 3]


async def test_an_absent_dependency_uses_up_no_tries_and_frees_the_key(stage: Stage) -> None:
    stage.spoil = spoil_record(1, Temporary("away"))
    stage.clock.advance(1)
    for _ in range(5):
        with pytest.raises(Temporary):
            await stage.retries().turn()
    stage.spoil = lambda _: None
    await stage.retries().turn()
    assert stage.done == [0, 1, 2, 3]


async def test_a_quarantine_that_is_away_keeps_the_record_parked(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object, **__: object) -> None:
        raise Temporary("away")

    stage.spoil = spoil_record(1, Undecodable("v9"))
    stage.clock.advance(1)
    with monkeypatch.context() as patch:
        patch.setattr(stage.quarantine, "put", away)
        with pytest.raises(Temporary):
            await stage.retries().turn()
    assert len(stage.parked()) == 3
    await stage.retries().turn()
    assert len(stage.quarantined()) == 1


async def test_a_member_that_is_stopped_in_the_middle_leaves_the_key_to_others(stage: Stage) -> None:
    started = asyncio.Event()

    async def hang(_: object) -> None:
        started.set()
        await asyncio.Event().wait()

    handle, stage.handle = stage.handle, hang  # type: ignore[method-assign, assignment]
    stage.clock.advance(1)
    task = asyncio.create_task(stage.retries().run())
    await started.wait()
    assert not await stage.retries().turn()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    stage.handle = handle  # type: ignore[method-assign]
    stage.spoil = lambda _: None
    assert await stage.retries().turn()
    assert stage.done == [0, 1, 2, 3]


async def test_the_loop_tries_what_becomes_due(stage: Stage) -> None:
    stage.spoil = lambda _: None
    task = asyncio.create_task(stage.retries().run())
    stage.clock.advance(1)
    await until(lambda: stage.parked() == [])
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_the_log_brings_meanwhile_waits_behind_and_is_done_after(stage: Stage) -> None:
    await stage.log.publish(STREAM, [event(4)])
    async with stage.running():
        await until(lambda: stage.committed() == 5)
        assert stage.done == [0]
        stage.spoil = lambda _: None
        stage.clock.advance(1)
        await stage.retries().turn()
        assert stage.done == [0, 1, 2, 3, 4]
        await stage.log.publish(STREAM, [event(5)])
        await until(lambda: stage.committed() == 6)
    assert stage.calls[-1] == [5], "nothing of the key waits any more: the log goes on by itself"
    assert stage.done[-1] == 5
