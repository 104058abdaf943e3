"""Customers at fixed times and agents who take every offer: one load for every way into the product.

The times of arrival are drawn beforehand (Poisson); latency counts from the time a delivery should have been sent,
so that a product which stalls cannot hide it by stalling the generator. What arrives in the first two seconds is not
counted. An agent accepts an offer 50 ms after it was made known and completes at once, so that all else is the
machine's own time.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import uuid4

from bench.load.senders import TEXTS
from bench.measure.machine import stolen_seconds

PAUSE = 0.05
WARM_UP = 2.0


@dataclass(frozen=True, slots=True)
class Offered:
    """An offer as it became known."""

    at: float
    inquiry_id: str
    offer_id: str
    conversation_id: str
    agent_id: str


class World(Protocol):
    """A way into the product. Every method raises ``OSError`` or ``RuntimeError`` when it was refused."""

    async def submit(self, text: str) -> str:
        """Hand in an inquiry; returns its id once it is accepted."""
        ...

    async def accept(self, offer: Offered) -> None: ...

    async def complete(self, offer: Offered) -> None: ...

    def listen(self, listener: Callable[[Offered], None]) -> None:
        """Tell every offer from now on; only the last listener hears."""
        ...


@dataclass(slots=True)
class Samples:
    """Raw times of one run, by inquiry: when it should have been sent, was offered, was assigned."""

    intended: dict[str, float] = field(default_factory=dict)
    offered: dict[str, float] = field(default_factory=dict)
    assigned: dict[str, float] = field(default_factory=dict)
    accept_seconds: list[float] = field(default_factory=list)
    completed: int = 0
    errors: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Run:
    """What one run at one rate showed; times in ms."""

    rate: float
    seconds: float
    sent: int
    backlog: int
    errors: list[str]
    completed_a_second: float
    offered: dict[str, float]
    assigned: dict[str, float]
    accept: dict[str, float]
    stolen_cores: float

    @property
    def held(self) -> bool:
        """Whether the product kept up: at the end no more waited than comes in half a second."""
        return not self.errors and self.backlog <= max(self.rate / 2, 10)


class Load:
    """Drives ``world``. With ``clients`` at most so many accept commands are under way at once."""

    def __init__(self, world: World, *, clients: int | None = None, warm_up: float = WARM_UP) -> None:
        self._world = world
        self._warm_up = warm_up
        self._turn: AbstractAsyncContextManager[Any] = asyncio.Semaphore(clients) if clients else nullcontext()
        self._tasks: set[asyncio.Task[None]] = set()
        self._samples = Samples()

    async def run(self, *, rate: float, seconds: float, seed: int, drain: float = 30.0) -> Run:
        """Send at ``rate`` for ``seconds``, then wait until all is done, at most ``drain`` seconds."""
        self._samples = samples = Samples()
        self._world.listen(self._offered)
        stolen, chance = stolen_seconds(), random.Random(seed)
        start = at = time.monotonic()
        while (at := at + chance.expovariate(rate)) < start + seconds:
            if (wait := at - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            self._begin(self._submit(chance.choice(list(TEXTS.values())), at))
        backlog, done = self._backlog(), samples.completed
        passed = time.monotonic() - start
        stolen_cores = (stolen_seconds() - stolen) / passed
        await self._drained(drain)
        return self._result(rate, passed, start + self._warm_up, backlog, done, stolen_cores)

    def _begin(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _submit(self, text: str, intended: float) -> None:
        with self._noted():
            inquiry_id = await self._world.submit(f"{text} {uuid4().hex[:8]}")
            self._samples.intended[inquiry_id] = intended

    def _offered(self, offer: Offered) -> None:
        self._samples.offered.setdefault(offer.inquiry_id, offer.at)
        self._begin(self._work(offer, self._samples))

    async def _work(self, offer: Offered, samples: Samples) -> None:
        await asyncio.sleep(PAUSE)
        due = time.monotonic()
        with self._noted():
            async with self._turn:
                await self._world.accept(offer)
            now = time.monotonic()
            samples.accept_seconds.append(now - due)
            samples.assigned[offer.inquiry_id] = now
            await self._world.complete(offer)
            samples.completed += 1

    @contextmanager
    def _noted(self) -> Iterator[None]:
        try:
            yield
        except (OSError, RuntimeError, EOFError) as error:
            self._samples.errors.append(f"{type(error).__name__}: {error}"[:200])

    def _backlog(self) -> int:
        return len(self._samples.intended.keys() - self._samples.offered.keys())

    async def _drained(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (self._tasks or self._backlog()) and time.monotonic() < deadline:
            await asyncio.wait(self._tasks or {asyncio.create_task(asyncio.sleep(0.05))}, timeout=0.05)

    def _result(self, rate: float, passed: float, since: float, backlog: int, done: int, stolen: float) -> Run:
        samples = self._samples
        counted = {inquiry_id: at for inquiry_id, at in samples.intended.items() if at >= since}
        return Run(
            rate=rate,
            seconds=round(passed, 1),
            sent=len(samples.intended),
            backlog=backlog,
            errors=samples.errors[:5],
            completed_a_second=round(done / passed, 1),
            offered=percentiles([samples.offered[i] - at for i, at in counted.items() if i in samples.offered]),
            assigned=percentiles([samples.assigned[i] - at for i, at in counted.items() if i in samples.assigned]),
            accept=percentiles(samples.accept_seconds),
            stolen_cores=round(stolen, 3),
        )


def percentiles(seconds: list[float]) -> dict[str, float]:
    """Nearest-rank percentiles in ms; empty without a sample."""
    ordered = sorted(seconds)
    if not ordered:
        return {}
    ranks = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {
        name: round(1_000 * ordered[min(len(ordered), -int(-share * len(ordered) // 1)) - 1], 1)
        for name, share in ranks.items()
    }
