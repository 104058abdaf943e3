"""What goes wrong and how often: one generator of random numbers decides everything that the seed can change."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from typing import Literal

Fate = Literal["well", "failed", "unknown"]


@dataclass(frozen=True, slots=True)
class Rates:
    """Chances a turn. A turn is a transaction, a statement by itself, or a verb of the event log.

    ``commit_…`` and ``publish_…`` are of those, ``position_lost`` of commits of a position, ``reply_lost`` of
    answers to people, ``cut`` of statements inside a transaction.
    """

    crash: float = 0.02
    pause: float = 0.03
    rebalance: float = 0.02
    cut: float = 0.005
    commit_failed: float = 0.05
    commit_unknown: float = 0.05
    publish_failed: float = 0.05
    publish_unknown: float = 0.05
    position_lost: float = 0.05
    reply_lost: float = 0.05
    hint_lost: float = 0.2


class Dice:
    """Throws are counted in ``fell`` by what they brought. In a calm nothing goes wrong."""

    def __init__(self, seed: int, rates: Rates) -> None:
        self.random = random.Random(seed)
        self.fell: Counter[str] = Counter()
        self.calm = False
        self._rates = rates

    def falls(self, fault: str) -> bool:
        """Whether this goes wrong now."""
        fell = not self.calm and self.random.random() < getattr(self._rates, fault)
        self.fell[fault] += fell
        return fell

    def fate(self, of: Literal["commit", "publish"]) -> Fate:
        """How a commit or a publication ends."""
        if self.falls(f"{of}_failed"):
            return "failed"
        return "unknown" if self.falls(f"{of}_unknown") else "well"

    def latency(self) -> float:
        """Seconds that a message takes to the server or back."""
        return self.random.uniform(0.000_2, 0.004) if self.random.random() < 0.95 else self.random.uniform(0.004, 0.1)

    def pause(self) -> float:
        """Seconds that a frozen process sleeps: mostly short, sometimes beyond all timeouts."""
        return self.random.uniform(0.05, 2.0) if self.random.random() < 0.8 else self.random.uniform(8.0, 15.0)
