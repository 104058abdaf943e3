"""Overflow: what waits in a queue beyond its time to first response moves to the queue that the rules name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.router.decide.route import requirements
from services.router.decide.ruleset import RuleSet
from services.router.decide.work import WaitingItem


@dataclass(frozen=True, slots=True)
class Overflow:
    """Where an item moves, and the parts of its route that change."""

    queue: str
    route: dict[str, Any]


def overflow(ruleset: RuleSet, item: WaitingItem, now: datetime) -> Overflow | None:
    """The move that is due for ``item``, if one is. What the rule required is dropped, the language is not."""
    queue = ruleset.queues.get(item.queue)
    target = ruleset.queues.get(queue.overflow) if queue and queue.overflow else None
    if target is None or item.first_response_due is None or now < item.first_response_due:
        return None
    return Overflow(
        queue=target.id,
        route={
            "requires": requirements(target, {}, item.language),
            "offer_seconds": target.offer_seconds,
            "overflow": target.overflow,
        },
    )
