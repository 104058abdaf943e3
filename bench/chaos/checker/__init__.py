"""The checker: a pure function from what was promised and what is there to the promises that were broken.

It knows the product by its published words only and imports nothing of it. One file an invariant, each a function
``(history, dump) → violations``. It raises no false alarm: what may have happened is never held against anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from bench.chaos.checker import (
    i1_no_loss,
    i2_no_doubling,
    i3_one_agent,
    i4_capacity,
    i5_audit,
    i6_order,
    i7_telling,
    i8_progress,
    i14_liveness,
)
from bench.chaos.checker.dump import Dump
from bench.chaos.checker.history import Event
from bench.chaos.checker.violation import Violation

Check = Callable[[Sequence[Event], Dump], Iterator[Violation]]

CHECKS: dict[str, Check] = {
    "I1": i1_no_loss.check,
    "I2": i2_no_doubling.check,
    "I3": i3_one_agent.check,
    "I4": i4_capacity.check,
    "I5": i5_audit.check,
    "I6": i6_order.check,
    "I7": i7_telling.check,
    "I8": i8_progress.check,
    "I14": i14_liveness.check,
}


def check(history: Iterable[Event], dump: Dump, *, only: Iterable[str] = tuple(CHECKS)) -> list[Violation]:
    """All that is broken, by invariant. ``only`` names the invariants to look at; I14 needs a calm end."""
    events = list(history)
    return [found for name in only for found in CHECKS[name](events, dump)]


__all__ = ["CHECKS", "Dump", "Event", "Violation", "check"]
