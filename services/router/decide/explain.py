"""The decision record: what was looked at and why this agent, in words that stay true when everything has changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.router.decide.match import POLICY, Choice
from services.router.decide.work import WaitingItem


def decision_record(
    *,
    decision_id: str,
    item: WaitingItem,
    choice: Choice,
    at: datetime,
    position: int,
    rule_set: int,
    trigger: str,
    seed: str,
) -> dict[str, Any]:
    """The record of one decision; the trace of the rules is added where the route is kept."""
    return {
        "id": decision_id,
        "at": at.isoformat(),
        "position": position,
        "rule_set": rule_set,
        "policy": POLICY,
        "trigger": trigger,
        "queue": item.queue,
        "requires": dict(item.requires),
        "prefers": dict(item.prefers),
        "chosen": {"agent_id": choice.agent_id, "score": choice.score},
        "candidates": [dict(candidate) for candidate in choice.candidates],
        "excluded": dict(choice.excluded),
        "relaxation_step": choice.relaxation_step,
        "seed": seed,
    }
