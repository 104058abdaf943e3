"""The coalescing writer, alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from shared.coalescing import Coalescer
from shared.errors import DatabaseUnavailable


class Writer:
    """Doubles numbers; 13 spoils its whole batch, and while ``away`` nothing works."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.begun = asyncio.Event()
        self.gate = asyncio.Event()
        self.away = False

    async def __call__(self, numbers: Sequence[int]) -> list[int | Exception]:
        self.batches.append(list(numbers))
        self.begun.set()
        await self.gate.wait()
        if self.away:
            raise DatabaseUnavailable("away")
        if 13 in numbers:
            raise ValueError("13")
        return [number * 2 if number >= 0 else KeyError(number) for number in numbers]


def writing() -> tuple[Writer, Coalescer[int, int]]:
    writer = Writer()
    return writer, Coalescer(writer, key=lambda number: number)


async def answers(writer: Writer, coalescer: Coalescer[int, int], numbers: list[int]) -> list[int | BaseException]:
    tasks = [asyncio.create_task(coalescer.submit(number)) for number in numbers]
    await writer.begun.wait()
    writer.gate.set()
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_what_waits_goes_in_one_batch_and_each_gets_its_own_answer() -> None:
    writer, coalescer = writing()
    doubled, refused, other = await answers(writer, coalescer, [1, -2, 3])
    assert (doubled, other) == (2, 6)
    assert isinstance(refused, KeyError)
    assert writer.batches == [[1, -2, 3]]


async def test_a_batch_has_each_key_once() -> None:
    writer, coalescer = writing()
    assert await answers(writer, coalescer, [1, 1, 2]) == [2, 2, 4]
    assert writer.batches == [[1, 2], [1]]


async def test_one_that_spoils_the_batch_spoils_only_itself() -> None:
    writer, coalescer = writing()
    doubled, spoilt = await answers(writer, coalescer, [1, 13])
    assert doubled == 2
    assert isinstance(spoilt, ValueError)
    assert writer.batches == [[1, 13], [1], [13]]


async def test_an_outage_is_told_to_all_at_once() -> None:
    writer, coalescer = writing()
    writer.away = True
    told = await answers(writer, coalescer, [1, 2])
    assert all(isinstance(answer, DatabaseUnavailable) for answer in told)
    assert writer.batches == [[1, 2]]


async def test_a_caller_who_left_disturbs_nobody() -> None:
    writer, coalescer = writing()
    left = asyncio.create_task(coalescer.submit(1))
    stays = asyncio.create_task(coalescer.submit(2))
    await writer.begun.wait()
    left.cancel()
    writer.gate.set()
    assert await stays == 4
    with pytest.raises(asyncio.CancelledError):
        await left
