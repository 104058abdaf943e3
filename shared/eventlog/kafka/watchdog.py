"""Notices a member of a group that lives and learns of nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from shared.eventlog.kafka.control import Control

_LOOKS = 2


class Watchdog:
    """Asked when a poll brought nothing; looks every ``seconds / 2`` and believes what it sees twice."""

    def __init__(self, stream: str, group: str, *, control: Control, seconds: float) -> None:
        self._stream = stream
        self._group = group
        self._control = control
        self._seconds = seconds
        self._due = 0.0
        self._suspicions = 0

    def reset(self) -> None:
        """All is well: something was read, or the member is new."""
        self._suspicions = 0
        self._due = asyncio.get_running_loop().time() + self._seconds / _LOOKS

    def is_due(self) -> bool:
        """Whether it is time to look."""
        return asyncio.get_running_loop().time() >= self._due

    async def is_stuck(self, following: Mapping[int, int], ends: Mapping[int, int]) -> bool:
        """Whether there are records after ``following``, or partitions for a member that has none, and were before."""
        self._due = asyncio.get_running_loop().time() + self._seconds / _LOOKS
        behind = any(ends.get(part, 0) > pos for part, pos in following.items())
        self._suspicions = self._suspicions + 1 if behind or (not following and await self._is_forgotten()) else 0
        return self._suspicions >= _LOOKS

    async def _is_forgotten(self) -> bool:
        """A share of nothing is right only where there are more members than partitions."""
        _, _, streams = await self._control.streams()
        return await self._control.members(self._group) <= len(streams.get(self._stream, []))
