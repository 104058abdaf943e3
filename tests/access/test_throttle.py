"""Guessing is slow: five tries are free, then each waits, one at a time."""

from __future__ import annotations

import asyncio

import pytest

from shared.access.limits import RefusedForNow
from shared.access.throttle import FORGOTTEN_AFTER, Throttle


@pytest.fixture
def waits():
    return []


@pytest.fixture
def throttle(clock, waits):
    async def sleep(seconds):
        waits.append(seconds)

    return Throttle(clock, sleep=sleep)


async def try_once(throttle, *, right=False, name="jana", address="192.0.2.1"):
    async with throttle.attempt(name, address) as attempt:
        attempt.right = right


async def test_five_wrong_tries_are_free_and_then_each_waits_longer_up_to_five_seconds(throttle, waits):
    for _ in range(5):
        await try_once(throttle)
    assert waits == []
    for _ in range(5):
        await try_once(throttle)
    assert waits == [1, 2, 4, 5, 5]


async def test_a_right_try_ends_the_waiting(throttle, waits):
    for _ in range(6):
        await try_once(throttle)
    await try_once(throttle, right=True)
    waits.clear()
    await try_once(throttle)
    assert waits == []


async def test_time_ends_the_waiting(throttle, waits, clock):
    for _ in range(5):
        await try_once(throttle)
    clock.advance(FORGOTTEN_AFTER + 1)
    await try_once(throttle)
    assert waits == []


async def test_other_names_and_addresses_do_not_wait(throttle, waits):
    for _ in range(9):
        await try_once(throttle)
    waits.clear()
    await try_once(throttle, name="sara")
    await try_once(throttle, address="192.0.2.2")
    assert waits == []


async def test_a_crowd_cannot_guess_in_parallel(clock):
    door = asyncio.Event()

    async def sleep(_):
        await door.wait()

    throttle = Throttle(clock, sleep=sleep)
    for _ in range(5):
        await try_once(throttle)
    crowd = [asyncio.create_task(try_once(throttle)) for _ in range(20)]
    await asyncio.sleep(0)
    door.set()
    results = await asyncio.gather(*crowd, return_exceptions=True)
    refused = [result for result in results if isinstance(result, RefusedForNow)]
    assert {refusal.code for refusal in refused} == {"too-many-attempts"}
    assert len(refused) == 16
