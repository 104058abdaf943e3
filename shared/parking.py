"""The port to parked records: each waits for another try, and later records of its key wait behind it, in order.

What is parked is the truth for every member of a stage, whoever reads the key now; the log may go on past it.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from shared import record_row
from shared.clock import Clock
from shared.eventlog.base import Record

TRIES = 3
"""Short ones of each record, before the waits grow."""

LEASE = timedelta(seconds=30)
"""How long a key stays with a member that took it and died; well under the minute in which it must be tried."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """When a parked record is tried again. With these it is tried seven times, and out of the way within 50 s."""

    seconds: Sequence[float] = (1.0, 4.0, 12.0, 24.0)
    """Before each try that follows the short ones; after the last one it goes to quarantine."""
    jitter: float = 0.2
    """By which part each may be shorter or longer, so that what failed together does not come back together."""

    def after(self, tries: int) -> timedelta | None:
        """The wait after ``tries`` in all; ``None``: no more."""
        grown = max(0, tries - TRIES)
        if grown >= len(self.seconds):
            return None
        spread = random.uniform(1 - self.jitter, 1 + self.jitter)  # noqa: S311 - spreads load, guards nothing
        return timedelta(seconds=self.seconds[grown] * spread)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record to be parked: after so many ``tries``, with the ``reason`` why it failed, or behind one that did."""

    record: Record
    reason: str | None = None
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Parked:
    """A record that waits."""

    id: int
    stage: str
    record: Record
    reason: str | None
    tries: int
    at: datetime
    due_at: datetime

    @property
    def key(self) -> str:
        return record_row.key_of(self.record)


class Parking(Protocol):
    """Where records wait. Every verb raises ``Temporary`` when it is not known to have been done."""

    async def keys(self, stage: str) -> set[str]:
        """Behind which keys (``record_row.key_of``) records of the stage must wait."""
        ...

    async def park(self, stage: str, waiting: Sequence[Waiting], *, wait: timedelta) -> None:
        """Keep them, in this order, durably; each is due after ``wait``. One that waits already stays where it is."""
        ...

    async def claim(self, stage: str) -> list[Parked]:
        """A key whose first record is due: its records in order, for this caller alone until the lease ends."""
        ...

    async def release(self, parked: Iterable[Parked]) -> None:
        """Give back what was claimed and neither removed nor postponed."""
        ...

    async def remove(self, parked: Parked) -> None:
        """It has had its effect, or is in quarantine."""
        ...

    async def postpone(self, parked: Parked, *, reason: str, wait: timedelta) -> None:
        """It has failed once more, and is due again after ``wait``."""
        ...

    async def count(self) -> None:
        """Bring the metric up to what waits."""
        ...


class MemoryParking:
    """For tests and simulation; ``clock`` says what is due."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0
        self.rows: dict[int, Parked] = {}
        self.leases: dict[int, datetime] = {}

    async def keys(self, stage: str) -> set[str]:
        """See the port."""
        return {parked.key for parked in self.rows.values() if parked.stage == stage}

    async def park(self, stage: str, waiting: Sequence[Waiting], *, wait: timedelta) -> None:
        """See the port."""
        now = self._clock.now()
        known = {(row.stage, row.record.stream, record_row.digest(row.record)) for row in self.rows.values()}
        for one in waiting:
            identity = (stage, one.record.stream, record_row.digest(one.record))
            if identity not in known:
                known.add(identity)
                self._last += 1
                self.rows[self._last] = Parked(self._last, stage, one.record, one.reason, one.tries, now, now + wait)

    async def claim(self, stage: str) -> list[Parked]:
        """See the port."""
        now = self._clock.now()
        firsts: dict[str, Parked] = {}
        for parked in self.rows.values():
            if parked.stage == stage:
                firsts.setdefault(parked.key, parked)
        free = [first for first in firsts.values() if first.due_at <= now and self.leases.get(first.id, now) <= now]
        if not free:
            return []
        key = min(free, key=lambda first: first.due_at).key
        chain = [parked for parked in self.rows.values() if (parked.stage, parked.key) == (stage, key)]
        self.leases |= dict.fromkeys((parked.id for parked in chain), now + LEASE)
        return chain

    async def release(self, parked: Iterable[Parked]) -> None:
        """See the port."""
        for one in parked:
            self.leases.pop(one.id, None)

    async def remove(self, parked: Parked) -> None:
        """See the port."""
        self.rows.pop(parked.id, None)
        self.leases.pop(parked.id, None)

    async def postpone(self, parked: Parked, *, reason: str, wait: timedelta) -> None:
        """See the port."""
        self.leases.pop(parked.id, None)
        if parked.id in self.rows:
            due = self._clock.now() + wait
            self.rows[parked.id] = replace(parked, reason=reason, tries=parked.tries + 1, due_at=due)

    async def count(self) -> None:
        """See the port; nobody reads a metric of it."""
