"""The consume loop, the only one: poll, decode, handle, commit. Nothing is swallowed and nothing blocks for ever.

A record that is no event goes to quarantine at once. A batch that fails is worked on record by record; one that fails
three times goes to quarantine, raw. While a dependency is away the loop pauses and uses up no tries.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Self

import structlog

from shared.errors import Temporary, Undecodable
from shared.eventlog.base import Positions, Record, Subscription
from shared.events import CloudEvent, decode
from shared.health import Health
from shared.quarantine import Quarantine
from shared.telemetry import Metrics

_log = structlog.get_logger(__name__)
_LIMIT = 200
_WAIT_SECONDS = 1.0
_TRIES = 3
_RETRY_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0
_LAG_SECONDS = 2.0


class Batch(tuple[CloudEvent, ...]):  # noqa: SLOT001 - a tuple has no room for slots
    """Events in order per key, and what to store with their outcome: the positions after them, under ``fence``."""

    positions: Positions
    fence: int

    @classmethod
    def of(cls, events: Iterable[CloudEvent], *, positions: Positions, fence: int) -> Self:
        batch = cls(events)
        batch.positions = positions
        batch.fence = fence
        return batch


Handle = Callable[[Batch], Awaitable[None]]
"""Does the work of a batch, all or nothing, and the same again without harm."""


class Consumer:
    """One stage of the pipeline, as a service. ``group`` is also the stage's name in quarantine and metrics."""

    def __init__(
        self,
        *,
        group: str,
        stream: str,
        subscribe: Callable[[], Awaitable[Subscription]],
        handle: Handle,
        quarantine: Quarantine,
        health: Health,
        metrics: Metrics,
        limit: int = _LIMIT,
        wait_seconds: float = _WAIT_SECONDS,
        retry_seconds: float = _RETRY_SECONDS,
    ) -> None:
        self.name = group
        self._stream = stream
        self._subscribe = subscribe
        self._handle = handle
        self._quarantine = quarantine
        self._health = health
        self._lag = metrics.log_lag_records.labels(group, stream)
        self._limit = limit
        self._wait_seconds = wait_seconds
        self._retry_seconds = retry_seconds
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
            await self._work(records, subscription.fence)
            await subscription.commit(_after(records))
        await self._measure(subscription)

    async def _work(self, records: Sequence[Record], fence: int) -> None:
        understood: list[tuple[Record, CloudEvent]] = []
        for record in records:
            try:
                understood.append((record, decode(record.key, record.headers, record.value)))
            except Undecodable as error:
                await self._give_up(record, error)
        if not understood:
            return
        try:
            events = [event for _, event in understood]
            await self._handle(Batch.of(events, positions=_after(records), fence=fence))
        except Temporary:
            raise
        except Exception as error:  # noqa: BLE001 - each record is tried alone and accounted for
            _log.warning("worker.batch_failed", stage=self.name, size=len(understood), error=type(error).__name__)
            for record, event in understood:
                await self._work_alone(record, event, fence)

    async def _work_alone(self, record: Record, event: CloudEvent, fence: int) -> None:
        batch = Batch.of([event], positions=_after([record]), fence=fence)
        for attempt in range(1, _TRIES + 1):
            try:
                return await self._handle(batch)
            except Temporary:
                raise
            except Exception as error:  # noqa: BLE001 - after three tries it is kept with its reason
                if attempt == _TRIES or isinstance(error, Undecodable):
                    return await self._give_up(record, error)
                await asyncio.sleep(self._retry_seconds * attempt)
        return None

    async def _give_up(self, record: Record, error: Exception) -> None:
        _log.error(
            "worker.quarantined",
            stage=self.name,
            stream=record.stream,
            partition=record.partition,
            position=record.position,
            exc_info=None if isinstance(error, Undecodable) else error,
        )
        await self._quarantine.put(self.name, record, f"{type(error).__name__}: {error}")

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


def _after(records: Sequence[Record]) -> dict[int, int]:
    return {record.partition: record.position + 1 for record in records}
