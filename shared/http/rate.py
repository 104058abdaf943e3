"""A rate for each caller: a token bucket, in this process's memory (two processes grant twice the rate)."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass

from shared.access.limits import RefusedForNow
from shared.clock import Clock

MOST_CALLERS = 10_000
"""Buckets kept; the longest unused is forgotten first, and a forgotten bucket is a full one."""


@dataclass(frozen=True, slots=True)
class Rate:
    """``per_second`` requests lastingly, ``burst`` at once."""

    per_second: float = 100.0
    burst: int = 200


@dataclass(frozen=True, slots=True)
class RateState:
    """What one caller has left. ``retry_after`` is 0 when the request is granted."""

    rate: Rate
    remaining: int
    retry_after: float

    def headers(self) -> dict[str, str]:
        """``RateLimit`` and ``RateLimit-Policy``, as every answer of a limited route carries them."""
        window = max(1, math.ceil(self.rate.burst / self.rate.per_second))
        refill = math.ceil((self.rate.burst - self.remaining) / self.rate.per_second)
        return {
            "RateLimit-Policy": f'"caller";q={self.rate.burst};w={window}',
            "RateLimit": f'"caller";r={self.remaining};t={refill}',
        }

    def check(self) -> None:
        """Raises:
        RefusedForNow: ``rate-limited``.
        """
        if self.retry_after > 0:
            raise RefusedForNow("rate-limited", retry_after=self.retry_after)


class RateLimiter:
    """One bucket for each caller id."""

    def __init__(self, rate: Rate, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller_id: str) -> RateState:
        """Take one token of the caller's bucket, if there is one."""
        now = self._clock.monotonic()
        tokens, since = self._buckets.pop(caller_id, (float(self._rate.burst), now))
        tokens = min(float(self._rate.burst), tokens + (now - since) * self._rate.per_second)
        granted = tokens >= 1
        tokens -= granted
        self._buckets[caller_id] = (tokens, now)
        if len(self._buckets) > MOST_CALLERS:
            self._buckets.popitem(last=False)
        return RateState(self._rate, int(tokens), 0.0 if granted else (1 - tokens) / self._rate.per_second)
