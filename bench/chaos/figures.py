"""How long the killed took to be back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import median

from bench.chaos.faults import Outcome


def recovery(outcomes: Sequence[Outcome]) -> dict[str, dict[str, float]]:
    """By member: how often it was killed, and the seconds to *ready* as they are counted."""
    seconds: dict[str, list[float]] = defaultdict(list)
    kills: dict[str, int] = defaultdict(int)
    for outcome in outcomes:
        for member, took in outcome.seconds.items():
            kills[member] += outcome.reached
            seconds[member].append(took)
    found = {
        member: {"kills": kills[member], "median": round(median(took), 2), "worst": max(took)}
        for member, took in sorted(seconds.items())
    }
    all_ready = [outcome.all_ready for outcome in outcomes if not outcome.stuck]
    return found | {
        "all ready": {"kills": len(all_ready), "median": round(median(all_ready), 2), "worst": max(all_ready)}
    }
