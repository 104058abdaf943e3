"""What the dispatcher shows of itself: offers by their result, how long they took, and what waits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.router.dispatch.pool import Pool
from shared.telemetry import Metrics


class Gauges:
    """Only the dispatcher that leads counts, so that the sum over routers is right."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._queues: set[str] = set()

    def active(self) -> None:
        """Say that this one leads."""
        self._metrics.dispatcher_active.set(1)

    def standby(self) -> None:
        """It leads no longer, and what it saw waiting is another's to tell."""
        self._metrics.dispatcher_active.set(0)
        for queue in self._queues:
            self._metrics.waiting.labels(queue=queue).set(0)
            self._metrics.waiting_oldest_seconds.labels(queue=queue).set(0)

    def happened(self, kind: str) -> None:
        """A fact was folded; those about offers are counted by result."""
        noun, _, result = kind.partition(".")
        if noun == "offer":
            self._metrics.offers.labels(result=result).inc()

    def offered(self, row: Mapping[str, Any]) -> None:
        """An offer was made."""
        seconds = (row["made_at"] - row["received_at"]).total_seconds()
        self._metrics.receipt_to_offer_seconds.labels(channel=row["channel"]).observe(max(0.0, seconds))

    def waiting(self, pool: Pool, now: datetime) -> None:
        """How many wait in each queue, and the oldest."""
        counts: Counter[str] = Counter()
        oldest: dict[str, datetime] = {}
        for entry in pool.entries.values():
            if entry.state == "waiting":
                queue = entry.item.queue
                counts[queue] += 1
                oldest[queue] = min(oldest.get(queue, now), entry.item.received_at)
        self._queues |= counts.keys()
        for queue in self._queues:
            self._metrics.waiting.labels(queue=queue).set(counts[queue])
            age = (now - oldest.get(queue, now)).total_seconds()
            self._metrics.waiting_oldest_seconds.labels(queue=queue).set(age)
