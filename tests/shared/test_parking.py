"""One suite for both places where records wait: in order behind their key, one member at a time, when they are due."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import asyncpg
import pytest

from shared import record_row
from shared.clock import ManualClock
from shared.eventlog.base import Record
from shared.events import CloudEvent
from shared.parked_table import PostgresParking
from shared.parking import LEASE, TRIES, Backoff, MemoryParking, Parked, Parking, Waiting
from shared.telemetry import Metrics

NOW, SOON = timedelta(), timedelta(seconds=10)
Later = Callable[[timedelta], Awaitable[None]]


def record(n: int, key: str = "key") -> Record:
    event = CloudEvent(f"e{n}", "t", "test", key, key, datetime(2026, 3, 4, tzinfo=UTC), {"n": n})
    return Record("things.happened", 3, n, key, event.headers(), event.value())


def failed(n: int, key: str = "key") -> Waiting:
    return Waiting(record(n, key), "ValueError: poison", TRIES)


def places(chain: list[Parked]) -> list[int]:
    return [parked.record.position for parked in chain]


@pytest.fixture(params=["memory", "postgres"])
def world(request: pytest.FixtureRequest, clock: ManualClock) -> tuple[Parking, Later]:
    if request.param == "memory":

        async def move(by: timedelta) -> None:
            clock.advance(by.total_seconds())

        return MemoryParking(clock), move
    pool: asyncpg.Pool = request.getfixturevalue("pool")

    async def backdate(by: timedelta) -> None:
        await pool.execute("UPDATE log.parked SET due_at = due_at - $1::interval, leased_until = leased_until - $1", by)

    return PostgresParking(pool, metrics=Metrics()), backdate


@pytest.fixture
def parking(world: tuple[Parking, Later]) -> Parking:
    return world[0]


@pytest.fixture
def later(world: tuple[Parking, Later]) -> Later:
    return world[1]


async def test_a_key_is_claimed_when_its_first_record_is_due_with_all_that_wait_behind_it(
    parking: Parking, later: Later
) -> None:
    await parking.park("stage", [failed(2), Waiting(record(3))], wait=SOON)
    await parking.park("stage", [Waiting(record(4))], wait=NOW)
    assert await parking.claim("stage") == []
    await later(SOON)
    chain = await parking.claim("stage")
    assert places(chain) == [2, 3, 4]
    assert [parked.reason for parked in chain] == ["ValueError: poison", None, None]


async def test_what_comes_out_is_what_went_in(parking: Parking) -> None:
    odd = Record("s", 31_000, 2**40, "\0k" * 9_999, {"n\0": "\udfff"}, b"\x00\xff")
    await parking.park("stage", [Waiting(odd, "a\0b\ud800" + "x" * 9_999)], wait=NOW)
    (parked,) = await parking.claim("stage")
    assert parked.record == odd
    assert await parking.keys("stage") == {record_row.key_of(odd)}


async def test_a_key_that_no_index_could_hold_waits_like_any_other(parking: Parking) -> None:
    long = "".join(sha256(bytes([n])).hexdigest() for n in range(200))
    await parking.park("stage", [failed(1, long), failed(2, long + "x")], wait=NOW)
    assert sorted([places(await parking.claim("stage")), places(await parking.claim("stage"))]) == [[1], [2]]


async def test_a_record_that_waits_already_stays_where_it_is(parking: Parking) -> None:
    await parking.park("stage", [failed(1), Waiting(record(2))], wait=NOW)
    await parking.park("stage", [Waiting(replace(record(1), position=99)), Waiting(record(3))], wait=NOW)
    assert places(await parking.claim("stage")) == [1, 2, 3]


async def test_keys_and_stages_do_not_wait_for_each_other(parking: Parking) -> None:
    await parking.park("stage", [failed(1, "a"), failed(2, "b")], wait=NOW)
    await parking.park("another", [failed(1, "a")], wait=NOW)
    assert await parking.keys("stage") == {"a", "b"}
    assert await parking.keys("another") == {"a"}
    assert sorted([places(await parking.claim("stage")), places(await parking.claim("stage"))]) == [[1], [2]]
    assert await parking.claim("stage") == []
    assert places(await parking.claim("another")) == [1]


async def test_a_claimed_key_is_nobody_elses_until_its_lease_ends(parking: Parking, later: Later) -> None:
    await parking.park("stage", [failed(1)], wait=NOW)
    assert await parking.claim("stage")
    await parking.park("stage", [Waiting(record(2))], wait=NOW)
    assert await parking.claim("stage") == []
    await later(LEASE + timedelta(seconds=1))
    assert places(await parking.claim("stage")) == [1, 2]


async def test_a_released_key_can_be_claimed_at_once(parking: Parking) -> None:
    await parking.park("stage", [failed(1), Waiting(record(2))], wait=NOW)
    await parking.release(await parking.claim("stage"))
    assert places(await parking.claim("stage")) == [1, 2]


async def test_what_is_removed_waits_no_more_and_the_next_is_first(parking: Parking) -> None:
    await parking.park("stage", [failed(1), Waiting(record(2))], wait=NOW)
    first, second = await parking.claim("stage")
    await parking.remove(first)
    await parking.release([second])
    assert places(await parking.claim("stage")) == [2]
    await parking.remove(second)
    await parking.remove(second)
    assert await parking.keys("stage") == set()


async def test_what_is_postponed_holds_its_key_back_and_counts_its_tries(parking: Parking, later: Later) -> None:
    await parking.park("stage", [failed(1), Waiting(record(2))], wait=NOW)
    first, second = await parking.claim("stage")
    await parking.postpone(first, reason="again", wait=SOON)
    await parking.release([second])
    assert await parking.claim("stage") == []
    await later(SOON)
    first, second = await parking.claim("stage")
    assert (first.record.position, first.reason, first.tries) == (1, "again", TRIES + 1)
    assert second.tries == 0


async def test_the_longest_due_is_first(parking: Parking, later: Later) -> None:
    await parking.park("stage", [failed(1, "a")], wait=SOON)
    await parking.park("stage", [failed(2, "b")], wait=NOW)
    await later(SOON * 2)
    assert places(await parking.claim("stage")) == [2]


def test_the_waits_grow_differ_and_end() -> None:
    backoff = Backoff(seconds=(1, 4), jitter=0.5)
    waits = [[backoff.after(TRIES + tries) for tries in range(3)] for _ in range(50)]
    assert all(0.5 <= first.total_seconds() <= 1.5 for first, _, _ in waits if first)
    assert all(2 <= second.total_seconds() <= 6 for _, second, _ in waits if second)
    assert {last for _, _, last in waits} == {None}
    assert len({first for first, _, _ in waits}) > 10


def test_a_record_is_out_of_the_way_within_a_minute() -> None:
    backoff = Backoff()
    waits = [backoff.after(tries) for tries in range(TRIES, TRIES + len(backoff.seconds))]
    assert sum(wait.total_seconds() for wait in waits if wait) < 55
    assert backoff.after(TRIES + len(backoff.seconds)) is None


def test_one_that_waited_behind_another_has_its_short_tries_first() -> None:
    backoff = Backoff(seconds=(1, 4), jitter=0)
    assert [backoff.after(tries) for tries in range(1, 6)] == [timedelta(seconds=s) for s in (1, 1, 1, 4)] + [None]


async def test_people_see_what_waits_and_behind_whom(pool: asyncpg.Pool) -> None:
    metrics = Metrics()
    parking = PostgresParking(pool, metrics=metrics)
    await parking.park("stage", [failed(1), Waiting(record(2))], wait=SOON)
    await parking.park("another", [failed(3)], wait=SOON)
    first, second, third = await parking.list()
    assert (first.behind, second.behind, third.behind) == (False, True, False)
    assert (first.event_id, first.reason, first.pos) == ("e1", "ValueError: poison", 1)
    assert await parking.list(limit=1, after=first.id) == [second]
    assert await parking.list(stage="another") == [third]
    assert metrics.registry.get_sample_value("inquiry_router_parked") == 3
