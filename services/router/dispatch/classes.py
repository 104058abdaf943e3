"""Waiting items by class, each class a heap by rank: a round of matching looks at the heads only."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator

from services.router.decide.order import Rank
from services.router.dispatch.items import WaitingClass

Fits = Callable[[str, WaitingClass], bool]


class Classes:
    """``fits`` tells whether an item still waits in a class; entries that no longer do are dropped when they are met."""

    def __init__(self, fits: Fits) -> None:
        self._fits = fits
        self._heaps: dict[WaitingClass, list[Rank]] = {}

    def put(self, waits_in: WaitingClass, rank: Rank) -> None:
        """Let an item wait in a class."""
        heapq.heappush(self._heaps.setdefault(waits_in, []), rank)

    def head(self, waits_in: WaitingClass) -> Rank | None:
        """The first of a class, left where it is; an empty class is forgotten."""
        heap = self._heaps.get(waits_in, [])
        while heap and not self._fits(heap[0][-1], waits_in):
            heapq.heappop(heap)
        if heap:
            return heap[0]
        self._heaps.pop(waits_in, None)
        return None

    def heads(self) -> Iterator[tuple[Rank, WaitingClass]]:
        """The first of each class."""
        for waits_in in list(self._heaps):
            rank = self.head(waits_in)
            if rank is not None:
                yield rank, waits_in
