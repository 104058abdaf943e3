"""What a stage's handler is given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Self

from shared.eventlog.base import Positions
from shared.events import CloudEvent


class Batch(tuple[CloudEvent, ...]):  # noqa: SLOT001 - a tuple has no room for slots
    """Events in order per key, and what to store with their outcome: ``positions``, under ``fence``.

    The positions are those up to which everything is done once this batch is; parked events carry none. A batch may be
    empty: then the positions alone are news.
    """

    positions: Positions
    fence: int

    @classmethod
    def of(cls, events: Iterable[CloudEvent], *, positions: Positions, fence: int) -> Self:
        batch = cls(events)
        batch.positions = positions
        batch.fence = fence
        return batch


Handle = Callable[[Batch], Awaitable[None]]
"""Does the work of a batch, all or nothing, and the same again without harm."""
