"""The port to the event log. Three verbs: publish, subscribe by group with explicit commit, tail.

What may be relied on, by every adapter alike: order inside one key only; delivery at least once; positions of a
partition rise; nothing is committed unless asked. What may not be assumed: order across keys, exactly once, that
positions are dense, that a committed position is remembered beyond the stream's retention.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.events import CloudEvent

Positions = Mapping[int, int]
"""Partition → the position to be read next."""


@dataclass(frozen=True, slots=True)
class Record:
    """One entry of a stream, not yet understood: use ``shared.events.decode``."""

    stream: str
    partition: int
    position: int
    key: str
    headers: Mapping[str, str]
    value: bytes


class PositionStore(Protocol):
    """Where a group keeps its positions if not in the log: in the transaction that holds the outcome."""

    async def load(self, partitions: Sequence[int], *, fence: int, incarnation: str) -> Positions:
        """Take over ``partitions``: from now on writes under a lower ``fence`` fail. Missing ones start at 0.

        Raises:
            ShareLost: one of them is under a later fence.
        """
        ...


class Subscription(Protocol):
    """One member of a group reading one stream. Not for use by two tasks at once."""

    @property
    def fence(self) -> int:
        """The generation of this member's share; rises whenever the share changes hands."""
        ...

    async def poll(self, *, limit: int, wait: float) -> list[Record]:
        """Up to ``limit`` records of the own partitions, in order per partition; waits ≤ ``wait`` s for the first.

        Each call goes on where the last ended. An empty list is a normal answer.

        Raises:
            LogUnavailable: the log cannot be reached; positions are unchanged.
        """
        ...

    async def commit(self, positions: Positions) -> None:
        """Remember what is done: per partition the position to be read next. Refused silently if the share was lost."""
        ...

    async def rewind(self) -> None:
        """Forget what was polled and not committed: the next poll delivers it again."""
        ...

    async def lag(self) -> int:
        """Records of the own partitions that are not committed yet."""
        ...

    async def close(self) -> None:
        """Leave the group at once, so that another member takes the share over."""
        ...


class EventLog(Protocol):
    """A set of named streams."""

    async def publish(self, stream: str, events: Sequence[CloudEvent]) -> None:
        """Append all ``events``, durably, before returning; the order of equal keys is the order given.

        Raises:
            LogUnavailable: *unknown* outcome; publish again under the same event ids.
        """
        ...

    async def subscribe(self, stream: str, group: str, *, positions: PositionStore | None = None) -> Subscription:
        """Join ``group``: its members share the partitions; a member that dies loses its share within seconds."""
        ...

    async def incarnation(self, stream: str) -> str:
        """Which life of ``stream`` this is: another one means that records are gone, read or not.

        Raises:
            LogUnavailable: there is nobody to ask.
        """
        ...

    def tail(self, stream: str, *, from_end: bool = True) -> AsyncIterator[Record]:
        """Every record of the stream to every caller, without a group or memory; endless, waits for new ones."""
        ...

    async def close(self) -> None:
        """Release connections; subscriptions are left as if they had died."""
        ...
