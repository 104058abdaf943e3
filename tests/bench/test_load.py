"""The generator measures what it says: from the intended time, every offer, and nothing that was refused."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from itertools import count

from bench.measure.load import Load, Offered, percentiles


class Prompt:
    """A world that offers ``delay`` seconds after it was asked, and stalls its whole loop once."""

    def __init__(self, *, delay: float, stall: float = 0.0, refuse_accepts: bool = False) -> None:
        self._numbers = count()
        self._delay, self._stall, self._refuse = delay, stall, refuse_accepts
        self._listener: Callable[[Offered], None] | None = None

    def listen(self, listener: Callable[[Offered], None]) -> None:
        self._listener = listener

    async def submit(self, text: str) -> str:
        if self._stall:
            time.sleep(self._stall)  # noqa: ASYNC251  # the stall is the point
            self._stall = 0.0
        inquiry_id = str(next(self._numbers))
        asyncio.get_running_loop().call_later(self._delay, self._offer, inquiry_id)
        return inquiry_id

    async def accept(self, offer: Offered) -> None:
        if self._refuse:
            raise RuntimeError("refused")

    async def complete(self, offer: Offered) -> None: ...

    def _offer(self, inquiry_id: str) -> None:
        assert self._listener is not None
        self._listener(Offered(time.monotonic(), inquiry_id, f"o{inquiry_id}", "c", "a"))


def test_percentiles_are_by_nearest_rank() -> None:
    assert percentiles([n / 1_000 for n in range(1, 101)]) == {"p50": 50, "p95": 95, "p99": 99, "max": 100}
    assert percentiles([0.001]) == {"p50": 1, "p95": 1, "p99": 1, "max": 1}
    assert percentiles([]) == {}


async def test_every_offer_is_counted_and_worked() -> None:
    run = await Load(Prompt(delay=0.02), warm_up=0).run(rate=200, seconds=0.5, seed=1)
    assert run.held
    assert run.errors == []
    assert run.offered["p50"] >= 20
    assert run.assigned["p50"] >= run.offered["p50"] + 50, "the agent takes 50 ms"


async def test_a_stall_shows_although_it_stalls_the_generator_too() -> None:
    run = await Load(Prompt(delay=0.0, stall=0.4), warm_up=0).run(rate=200, seconds=0.6, seed=1)
    assert run.offered["p50"] > 50, "what should have been sent during the stall waited"
    assert run.offered["max"] > 300


async def test_refused_accepts_are_errors_and_assign_nothing() -> None:
    run = await Load(Prompt(delay=0.0, refuse_accepts=True), warm_up=0).run(rate=100, seconds=0.2, seed=1)
    assert not run.held
    assert run.assigned == {}
    assert "refused" in run.errors[0]


async def test_what_is_never_offered_is_backlog() -> None:
    run = await Load(Prompt(delay=60.0), warm_up=0).run(rate=200, seconds=1, seed=1, drain=0.1)
    assert not run.held
    assert run.backlog > 50
