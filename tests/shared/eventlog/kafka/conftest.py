"""Logs on a broker of the test's own, each with the loop that looks after its streams, as in the product."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from shared.errors import LogUnavailable, ShareLost
from shared.eventlog.base import Positions, Record, Subscription
from shared.eventlog.kafka.log import KafkaLog
from shared.eventlog.kafka.options import Access, Patience
from shared.health import Health
from shared.service import supervise
from shared.telemetry import Metrics
from tests.shared.eventlog.conftest import SESSION, World

DEADLINE = 20.0
HASTY = Patience(session=SESSION, publish=3.0, join=15.0, ask=2.0, commit=1.0, stall=1.0)


@dataclass
class Logs:
    """Processes; ``watched`` ones mend what they miss."""

    opened: list[KafkaLog] = field(default_factory=list)
    watches: list[asyncio.Task[None]] = field(default_factory=list)

    def __call__(self, bootstrap: str, *, patience: Patience = HASTY, watched: bool = True, **given: Any) -> KafkaLog:
        access = given.pop("access", None) or Access(bootstrap)
        health = given.pop("health", None) or Health()
        log = KafkaLog(access, patience=patience, health=health, **given)
        self.opened.append(log)
        if watched:
            self.watches.append(asyncio.create_task(supervise([log], health=health, metrics=Metrics())))
        return log


@pytest.fixture
async def logs() -> AsyncIterator[Logs]:
    logs = Logs()
    yield logs
    for watch in logs.watches:
        watch.cancel()
    for log in logs.opened:
        await log.close()


@pytest.fixture
def stream() -> str:
    """A stream of this test on the session's broker."""
    return f"test.{uuid4().hex[:12]}"


@pytest.fixture
async def admin(kafka_bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """An operator's hands on the session's broker."""
    client = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await client.start()
    yield client
    await client.close()


class Shelf:
    """Positions beside the outcome, under a fence, as the router keeps them."""

    def __init__(self, *, fence: int = 0) -> None:
        self.fence = fence
        self.loads: list[tuple[int, str]] = []
        self.stored: dict[tuple[str, int], int] = {}

    async def load(self, partitions: Sequence[int], *, fence: int, incarnation: str) -> Positions:
        if fence < self.fence:
            raise ShareLost("another has it", fence=self.fence)
        self.fence = fence
        self.loads.append((fence, incarnation))
        return {p: self.stored[incarnation, p] for p in partitions if (incarnation, p) in self.stored}

    def keep(self, records: Sequence[Record]) -> None:
        incarnation = self.loads[-1][1]
        self.stored |= {(incarnation, r.partition): r.position + 1 for r in records}


async def collect(
    subscription: Subscription,
    done: Callable[[set[tuple[str, int]]], bool],
    *,
    kept: Callable[[Sequence[Record]], None] = lambda _: None,
    seconds: float = DEADLINE,
) -> set[tuple[str, int]]:
    """Read as the worker does, outages and all, until ``done`` with what was seen: key and number."""
    seen: set[tuple[str, int]] = set()
    async with asyncio.timeout(seconds):
        while not done(seen):
            with suppress(LogUnavailable):
                batch = await subscription.poll(limit=200, wait=0.5)
                seen |= {(record.key, World.numbers([record], record.key)[0]) for record in batch}
                kept(batch)
                await subscription.commit(World.after(batch))
    return seen


async def published(log: KafkaLog, stream: str, keys: Sequence[str], numbers: range, seconds: float = DEADLINE) -> None:
    """On the log, whatever it takes; some twice."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                return await log.publish(stream, [World.event(key, n) for n in numbers for key in keys])
            except LogUnavailable:
                await asyncio.sleep(0.1)
