"""What is the memory adapter's own."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from shared.errors import DatabaseUnavailable
from shared.eventlog.base import Positions
from shared.eventlog.memory import MemoryLog


class _AwayOnce:
    """A store of positions whose database is away at first."""

    def __init__(self) -> None:
        self._asked = 0

    async def load(self, partitions: Sequence[int], *, fence: int, incarnation: str) -> Positions:
        del partitions, fence, incarnation
        self._asked += 1
        if self._asked == 1:
            raise DatabaseUnavailable("not yet")
        return {}


async def test_who_could_not_join_holds_no_share() -> None:
    log, positions = MemoryLog(), _AwayOnce()
    with pytest.raises(DatabaseUnavailable):
        await log.subscribe("s", "g", positions=positions)
    member = await log.subscribe("s", "g", positions=positions)
    assert log.broker.groups["s", "g"].members == [member]
