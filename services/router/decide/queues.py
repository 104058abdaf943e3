"""Queues of a rule set: what waits there needs, how long it may wait, where it overflows to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from services.router.decide.duration import seconds_of
from services.router.decide.faults import Faults, below
from services.router.decide.names import is_name
from services.router.decide.skills import is_level, is_skill_name

TRIAGE = "triage"
OFFER_SECONDS = 60
SHORTEST_OFFER, LONGEST_OFFER = 2, 3_600
HIGHEST_PRIORITY = 100
_KEYS = ("requires", "offer_seconds", "first_response", "resolution", "overflow", "priority")


@dataclass(frozen=True, slots=True)
class Queue:
    """Where routed work waits. Durations are seconds."""

    id: str
    requires: Mapping[str, int] = field(default_factory=dict)
    offer_seconds: int = OFFER_SECONDS
    first_response: int | None = None
    resolution: int | None = None
    overflow: str | None = None
    priority: int = 0


def read_queues(document: Any, pointer: str, faults: Faults) -> dict[str, Queue]:
    """The queues of a document, ``triage`` always among them."""
    entries = faults.mapping(document, pointer)
    queues = {TRIAGE: Queue(id=TRIAGE)}
    for name, entry in entries.items():
        where = below(pointer, name)
        if not is_name(name):
            faults.add(where, "invalid-name", "a queue's name is lower-case letters, digits and hyphens")
        queues[name] = _read_queue(name, entry, where, faults)
        target = queues[name].overflow
        if target is not None and (target == name or target not in entries):
            faults.add(below(where, "overflow"), "unknown-queue", "overflow names another queue of this document")
    _check_overflow_ends(queues, pointer, faults)
    if queues[TRIAGE].requires:
        faults.add(below(below(pointer, TRIAGE), "requires"), "triage-requires", "triage requires the language at most")
    return queues


def _check_overflow_ends(queues: Mapping[str, Queue], pointer: str, faults: Faults) -> None:
    """Work that overflows for ever would never come to rest."""
    for name in queues:
        seen, at = {name}, queues[name].overflow
        while at is not None and at in queues and at not in seen:
            seen.add(at)
            at = queues[at].overflow
        if at == name != queues[name].overflow:
            faults.add(below(below(pointer, name), "overflow"), "overflow-cycle", "overflow comes back to this queue")


def read_skills(value: Any, pointer: str, faults: Faults) -> dict[str, int]:
    """A mapping of skills to levels."""
    skills = faults.mapping(value, pointer)
    for name, level in skills.items():
        if not is_skill_name(name):
            faults.add(below(pointer, name), "unknown-skill", "expected language.<code>, topic.<topic>, or a free name")
        if not is_level(level):
            faults.add(below(pointer, name), "invalid-level", "a level is a whole number from 1 to 5")
    return dict(skills)


def read_duration(entry: Mapping[str, Any], key: str, pointer: str, faults: Faults) -> int | None:
    """The seconds of ``entry``'s duration, if it has one."""
    if key not in entry:
        return None
    seconds = seconds_of(entry[key])
    if seconds is None:
        faults.add(below(pointer, key), "invalid-duration", "expected a duration such as 30m, 4h or 2d")
    return seconds


def read_whole(entry: Mapping[str, Any], key: str, pointer: str, faults: Faults, *, low: int, high: int) -> int | None:
    """``entry``'s whole number between ``low`` and ``high``, if it has one."""
    if key not in entry:
        return None
    value = entry[key]
    if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
        return value
    faults.add(below(pointer, key), "invalid-number", f"expected a whole number from {low} to {high}")
    return None


def _read_queue(name: str, value: Any, pointer: str, faults: Faults) -> Queue:
    entry = faults.mapping(value, pointer, known=_KEYS)
    offer = read_whole(entry, "offer_seconds", pointer, faults, low=SHORTEST_OFFER, high=LONGEST_OFFER)
    overflow = entry.get("overflow")
    if overflow is not None and not isinstance(overflow, str):
        faults.add(below(pointer, "overflow"), "unknown-queue", "overflow names another queue of this document")
        overflow = None
    return Queue(
        id=name,
        requires=read_skills(entry.get("requires", {}), below(pointer, "requires"), faults),
        offer_seconds=offer if offer is not None else OFFER_SECONDS,
        first_response=read_duration(entry, "first_response", pointer, faults),
        resolution=read_duration(entry, "resolution", pointer, faults),
        overflow=overflow,
        priority=read_whole(entry, "priority", pointer, faults, low=0, high=HIGHEST_PRIORITY) or 0,
    )
