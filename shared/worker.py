"""The consume loop, the only one: poll, settle, commit. Nothing is swallowed and nothing blocks for ever.

What a batch comes to is ``settling``'s; what failed there is tried again by ``retries``. While a dependency is away
the loop pauses and uses up no tries.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from logging import DEBUG

import structlog

from shared.batch import Batch, Handle
from shared.clock import Clock, SystemClock
from shared.errors import Temporary
from shared.eventlog.base import Record, Subscription
from shared.health import Health
from shared.parking import Backoff, Parking
from shared.quarantine import Quarantine
from shared.retries import Retries
from shared.settling import Settling
from shared.telemetry import Metrics
from shared.tracing import trace_id

_log = structlog.get_logger(__name__)
_LIMIT = 200
_WAIT_SECONDS = 1.0
_RETRY_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0
_LAG_SECONDS = 2.0


class Consumer:
    """One stage of the pipeline, as a service. ``group`` is also the stage's name in quarantine and metrics.

    ``retries`` is the service that must run beside it: it tries again what this one has parked.
    """

    def __init__(
        self,
        *,
        group: str,
        stream: str,
        subscribe: Callable[[], Awaitable[Subscription]],
        handle: Handle,
        quarantine: Quarantine,
        parking: Parking,
        health: Health,
        metrics: Metrics,
        clock: Clock | None = None,
        backoff: Backoff | None = None,
        limit: int = _LIMIT,
        wait_seconds: float = _WAIT_SECONDS,
        retry_seconds: float = _RETRY_SECONDS,
    ) -> None:
        self.name = group
        self._stream = stream
        self._subscribe = subscribe
        self._settling = Settling(
            stage=group,
            handle=handle,
            quarantine=quarantine,
            parking=parking,
            backoff=backoff or Backoff(),
            clock=clock or SystemClock(),
            retry_seconds=retry_seconds,
        )
        self.retries = Retries(
            stage=group, handle=handle, quarantine=quarantine, parking=parking, backoff=backoff or Backoff()
        )
        self._health = health
        self._lag = metrics.log_lag_records.labels(group, stream)
        self._limit = limit
        self._wait_seconds = wait_seconds
        self._lag_due = 0.0
        self._pauses = 0

    async def run(self) -> None:
        """Consume until cancelled; the batch under work is then abandoned and comes again.

        Raises:
            Temporary: the log could not be joined.
        """
        subscription = await self._subscribe()
        try:
            while True:
                try:
                    await self._turn(subscription)
                except Temporary as error:
                    await self._pause(subscription, error)
                else:
                    self._resume()
        finally:
            await subscription.close()

    async def _turn(self, subscription: Subscription) -> None:
        records = await subscription.poll(limit=self._limit, wait=self._wait_seconds)
        if records:
            await self._settling.settle(records, subscription.fence)
            await subscription.commit({record.partition: record.position + 1 for record in records})
            self._tell(records)
        await self._measure(subscription)

    def _tell(self, records: Sequence[Record]) -> None:
        if _log.is_enabled_for(DEBUG):  # asked first: a line a record is the price of following one
            for record in records:
                kind = record.headers.get("ce_type")
                _log.debug("worker.handled", stage=self.name, type=kind, trace_id=trace_id(record.headers))

    async def _pause(self, subscription: Subscription, error: Temporary) -> None:
        while True:
            if not self._pauses:
                _log.warning("worker.pauses", stage=self.name, error=str(error))
            self._health.set(self.name, False, str(error))
            await asyncio.sleep(min(_LONGEST_PAUSE_SECONDS, error.retry_after * 2 ** min(self._pauses, 6)))
            self._pauses += 1
            try:
                return await subscription.rewind()
            except Temporary as again:
                error = again

    def _resume(self) -> None:
        if self._pauses:
            _log.info("worker.resumes", stage=self.name)
            self._pauses = 0
            self._health.set(self.name, True)

    async def _measure(self, subscription: Subscription) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._lag_due:
            self._lag.set(await subscription.lag())
            self._lag_due = now + _LAG_SECONDS


__all__ = ["Batch", "Consumer", "Handle"]
