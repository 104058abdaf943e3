"""Who has no generation proves nothing by a commit that the broker takes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import pytest

from shared.errors import LogUnavailable, ShareLost
from shared.eventlog.kafka.options import Patience
from shared.eventlog.kafka.starting import Starting


def _member(generation: int) -> Any:
    share = SimpleNamespace(changes=1, partitions=frozenset({0}))
    return SimpleNamespace(generation=generation, share=share, consumer=SimpleNamespace(commit=AsyncMock()))


def _starting() -> Starting:
    """Positions were last written under fence 7, and the broker counts from the start again."""

    async def load(parts: Any, *, fence: int, incarnation: str) -> dict[int, int]:
        if fence < 7:
            raise ShareLost("lost", fence=7)
        return {0: 5}

    streams: Any = SimpleNamespace(incarnation=AsyncMock(return_value="cluster/marker"))
    control: Any = SimpleNamespace(reach=AsyncMock(return_value=({0: 0}, {0: 9})))
    positions: Any = SimpleNamespace(load=load)
    return Starting("s", "g", streams=streams, control=control, positions=positions, patience=Patience())


async def test_a_member_of_a_generation_goes_above_the_old_fence() -> None:
    start = await _starting().look_up(_member(1))
    assert (start.fence, start.positions) == (8, {0: 5})


async def test_a_member_between_two_generations_takes_nothing_over() -> None:
    member = _member(-1)
    with pytest.raises(LogUnavailable):
        await _starting().look_up(member)
    member.consumer.commit.assert_not_awaited()
