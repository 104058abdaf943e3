"""Loops never die, and say how they are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from shared import service
from shared.errors import DatabaseUnavailable
from shared.health import Health
from shared.service import supervise
from shared.telemetry import Metrics


@pytest.fixture(autouse=True)
def _no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "_FIRST_SECONDS", 0.0)


class Loop:
    """Fails with each of ``errors`` in turn, then works."""

    def __init__(self, name: str, errors: Sequence[Exception] = (), *, endless: bool = True) -> None:
        self.name = name
        self.errors = list(errors)
        self.endless = endless
        self.starts = 0
        self.cancelled = False

    async def run(self) -> None:
        self.starts += 1
        if self.errors:
            raise self.errors.pop(0)
        try:
            if self.endless:
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise


class World:
    def __init__(self) -> None:
        self.health = Health()
        self.metrics = Metrics()

    @asynccontextmanager
    async def running(self, *loops: Loop, settled_seconds: float = 0.0) -> AsyncIterator[None]:
        task = asyncio.create_task(
            supervise(loops, health=self.health, metrics=self.metrics, settled_seconds=settled_seconds)
        )
        try:
            yield
        finally:
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    def failures(self, loop: str) -> float:
        return self.metrics.registry.get_sample_value("inquiry_router_loop_failures_total", {"loop": loop}) or 0.0


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.001)


async def test_a_loop_that_fails_by_mistake_is_started_again_and_counted_and_its_neighbour_goes_on() -> None:
    world = World()
    bad, good = Loop("bad", [ValueError("x"), KeyError("y")]), Loop("good")
    async with world.running(bad, good):
        await until(lambda: bad.starts == 3)
        await until(lambda: world.health.ready()[0])
    assert (world.failures("bad"), good.starts) == (2, 1)
    assert bad.cancelled
    assert good.cancelled


async def test_a_dependency_that_is_away_is_no_mistake() -> None:
    world = World()
    loop = Loop("waits", [DatabaseUnavailable("away")] * 5)
    async with world.running(loop):
        await until(lambda: loop.starts == 6)
    assert world.failures("waits") == 0


async def test_health_names_the_loop_that_fails_until_it_has_settled() -> None:
    world = World()
    loop = Loop("shaky", [DatabaseUnavailable("no database")])
    async with world.running(loop, settled_seconds=60):
        await until(lambda: loop.starts == 2)
        assert world.health.ready() == (False, {"shaky": "no database"})
        assert world.health.failing() == ["shaky"]


async def test_a_loop_that_has_nothing_left_to_do_ends_in_health() -> None:
    world = World()
    loop = Loop("once", [ValueError("x")], endless=False)
    await supervise([loop], health=world.health, metrics=world.metrics, settled_seconds=60)
    assert loop.starts == 2
    assert world.health.ready() == (True, {"once": "ok"})
