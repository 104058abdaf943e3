"""The dispatcher as a service: stand by until the lock is free, work while it is ours."""

from __future__ import annotations

import asyncio

import structlog

from services.router.dispatch.gauges import Gauges
from services.router.dispatch.journal import Journal
from services.router.dispatch.lock import Leadership, leadership
from services.router.dispatch.term import Rules, Term
from services.router.store import events
from shared.clock import Clock
from shared.database.connection import Held
from shared.database.wakeups import Wakeups
from shared.telemetry import Metrics

_log = structlog.get_logger(__name__)


class Dispatcher:
    """A service: stands by until it leads, then dispatches until it leads no longer."""

    name = "dispatcher"

    def __init__(self, *, database_url: str, wakeups: Wakeups, clock: Clock, metrics: Metrics, rulesets: Rules) -> None:
        self._url = database_url
        self._wake = wakeups.subscribe(events.CHANNEL)
        self._clock = clock
        self._rulesets = rulesets
        self._gauges = Gauges(metrics)

    async def run(self) -> None:
        """Lead when the lock is free, until cancelled.

        Raises:
            LeadershipLost, DatabaseUnavailable: run again; another dispatcher may lead meanwhile.
        """
        async with leadership(self._url) as led:
            held = Held(self._url, name="dispatcher", hot=True)
            try:
                await self._lead(led, held)
            finally:
                self._gauges.standby()
                await held.close()

    async def _lead(self, led: Leadership, held: Held) -> None:
        _log.info("dispatcher leads", term=led.term)
        self._gauges.active()
        term = Term(
            journal=Journal(held, term=led.term),
            clock=self._clock,
            rulesets=self._rulesets,
            gauges=self._gauges,
        )
        work = asyncio.create_task(term.work(self._wake), name="dispatcher-work")
        beat = asyncio.create_task(led.keep(), name="dispatcher-heartbeat")
        try:
            done, _ = await asyncio.wait({work, beat}, return_when=asyncio.FIRST_COMPLETED)
            await done.pop()
        finally:
            for task in (work, beat):
                task.cancel()
            await asyncio.gather(work, beat, return_exceptions=True)
