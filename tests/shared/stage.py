"""A stage over the log in memory, with a handler that tests spoil."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from shared.clock import ManualClock
from shared.eventlog.memory import MemoryBroker, MemoryLog
from shared.events import CloudEvent
from shared.health import Health
from shared.parking import Backoff, MemoryParking
from shared.quarantine import MemoryQuarantine
from shared.retries import Retries
from shared.telemetry import Metrics
from shared.worker import Batch, Consumer

STREAM, GROUP = "things.happened", "stage"


def event(n: int, key: str = "key") -> CloudEvent:
    return CloudEvent(f"e{n}", "t", "test", key, key, datetime(2026, 3, 4, tzinfo=UTC), {"n": n})


@dataclass
class Stage:
    """A stage with a handler that tests spoil."""

    broker: MemoryBroker = field(default_factory=MemoryBroker)
    quarantine: MemoryQuarantine = field(default_factory=MemoryQuarantine)
    clock: ManualClock = field(default_factory=ManualClock)
    backoff: Backoff = field(default_factory=Backoff)
    health: Health = field(default_factory=Health)
    metrics: Metrics = field(default_factory=Metrics)
    spoil: Callable[[Batch], None] = lambda _: None
    calls: list[list[int]] = field(default_factory=list)
    done: list[int] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.log = MemoryLog(self.broker)
        self.parking = MemoryParking(self.clock)

    async def handle(self, batch: Batch) -> None:
        numbers = [event.data["n"] for event in batch]
        self.calls.append(numbers)
        self.spoil(batch)
        self.done += numbers
        self.batches.append(batch)

    def consumer(self) -> Consumer:
        return Consumer(
            group=GROUP,
            stream=STREAM,
            subscribe=lambda: self.log.subscribe(STREAM, GROUP),
            handle=self.handle,
            quarantine=self.quarantine,
            parking=self.parking,
            clock=self.clock,
            backoff=self.backoff,
            health=self.health,
            metrics=self.metrics,
            wait_seconds=0.05,
            retry_seconds=0.0,
        )

    def retries(self) -> Retries:
        return self.consumer().retries

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.consumer().run())
        try:
            yield
        finally:
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    def committed(self) -> int:
        group = self.broker.groups.get((STREAM, GROUP))
        return sum(group.committed.values()) if group else 0

    def parked(self) -> list[tuple[int, str | None]]:
        return [(parked.record.position, parked.reason) for parked in self.parking.rows.values()]

    def quarantined(self) -> list[tuple[int, str]]:
        return [(record.position, reason) for record, reason in self.quarantine.kept.values()]


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.001)


def spoil_record(n: int, error: Exception, times: int = 1_000) -> Callable[[Batch], None]:
    left = [times]

    def spoil(batch: Batch) -> None:
        if any(event.data["n"] == n for event in batch) and left[0]:
            left[0] -= 1
            raise error

    return spoil
