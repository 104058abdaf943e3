"""Skill relaxation: the longer an item waits, the wider the circle of agents. A language is never given up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from services.router.decide.skills import is_topic
from services.router.decide.work import WaitingItem

LAST_STEP = 2
_STEP_WITHOUT_TARGET = timedelta(minutes=10)


def relaxed(requires: Mapping[str, int], step: int) -> dict[str, int]:
    """What is still asked for at ``step``: 1 takes one level off each topic, 2 asks for no topic at all."""
    if step == 0:
        return dict(requires)
    eased = {skill: level - 1 if is_topic(skill) else level for skill, level in requires.items()}
    return {skill: level for skill, level in eased.items() if level > 0 and not (step >= LAST_STEP and is_topic(skill))}


def step_at(item: WaitingItem, now: datetime) -> int:
    """The relaxation step that ``item`` has reached."""
    if not any(is_topic(skill) for skill in item.requires):
        return 0
    return max(0, min(LAST_STEP, (now - item.received_at) // _one_step(item)))


def next_step_at(item: WaitingItem, now: datetime) -> datetime | None:
    """When the next step comes, if one does."""
    step = step_at(item, now)
    if step == LAST_STEP or not any(is_topic(skill) for skill in item.requires):
        return None
    return item.received_at + (step + 1) * _one_step(item)


def _one_step(item: WaitingItem) -> timedelta:
    """Half of the time to first response, else ten minutes."""
    due = item.first_response_due
    target = due - item.received_at if due is not None else 2 * _STEP_WITHOUT_TARGET
    return max(target / 2, timedelta(seconds=1))
