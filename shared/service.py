"""Loops that never die: each runs until it is cancelled, and is started again whenever it fails."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable
from typing import Protocol

import structlog

from shared.errors import Temporary
from shared.health import Health
from shared.telemetry import Metrics

_log = structlog.get_logger(__name__)
_FIRST_SECONDS, _LONGEST_SECONDS = 0.2, 5.0
_SETTLED_SECONDS = 1.0


class Service(Protocol):
    """A loop with a name."""

    @property
    def name(self) -> str: ...

    async def run(self) -> None:
        """Work until cancelled; on cancellation, finish or abandon cleanly. Returning means: nothing left to do."""
        ...


async def supervise(
    services: Iterable[Service], *, health: Health, metrics: Metrics, settled_seconds: float = _SETTLED_SECONDS
) -> None:
    """Run all ``services`` until cancelled.

    One that fails is started again after 0.2 to 5 s and is *failing* in ``health`` until it has run for
    ``settled_seconds``. A ``Temporary`` is a dependency's outage, told once; anything else is our mistake, told each
    time with its stack and counted.
    """
    async with asyncio.TaskGroup() as group:
        for service in services:
            keeper = _Keeper(service, health, metrics, settled_seconds)
            group.create_task(keeper.keep(), name=service.name)


class _Keeper:
    def __init__(self, service: Service, health: Health, metrics: Metrics, settled_seconds: float) -> None:
        self._service = service
        self._health = health
        self._metrics = metrics
        self._settled_seconds = settled_seconds
        self._failures = 0

    async def keep(self) -> None:
        self._health.set(self._service.name, True)
        while not await self._run_once():
            longest = min(_LONGEST_SECONDS, _FIRST_SECONDS * 2 ** min(self._failures - 1, 10))
            await asyncio.sleep(longest * random.uniform(0.5, 1.0))  # noqa: S311 - spreads load, guards nothing

    async def _run_once(self) -> bool:
        settled = asyncio.get_running_loop().call_later(self._settled_seconds, self._settle)
        try:
            await self._service.run()
        except Temporary as error:
            self._outage(error)
            return False
        except Exception as error:  # noqa: BLE001 - told with its stack and counted, and never a dead loop
            self._mistake(error)
            return False
        finally:
            settled.cancel()
        self._settle()
        return True

    def _settle(self) -> None:
        if self._failures:
            _log.info("loop.recovered", loop=self._service.name, failures=self._failures)
        self._failures = 0
        self._health.set(self._service.name, True)

    def _outage(self, error: Temporary) -> None:
        if not self._failures:
            _log.warning("loop.waits", loop=self._service.name, error=str(error))
        self._fail(str(error))

    def _mistake(self, error: Exception) -> None:
        _log.error("loop.failed", loop=self._service.name, exc_info=error)
        self._metrics.loop_failures.labels(self._service.name).inc()
        self._fail(f"failed: {type(error).__name__}")

    def _fail(self, detail: str) -> None:
        self._failures += 1
        self._health.set(self._service.name, False, detail)
