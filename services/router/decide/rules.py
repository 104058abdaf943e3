"""Routing rules: ordered, first match wins, the last has no ``when``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.router.decide.conditions import ALWAYS, Condition, compile_condition
from services.router.decide.faults import Faults, below
from services.router.decide.names import is_name
from services.router.decide.queues import HIGHEST_PRIORITY, read_duration, read_skills, read_whole

MAX_RULES = 1_000
_RULE_KEYS = ("id", "when", "then")
_THEN_KEYS = ("queue", "require", "prefer", "priority", "weight", "first_response", "resolution", "tags")


@dataclass(frozen=True, slots=True)
class Then:
    """What a rule gives to the inquiries that it matches."""

    queue: str
    require: Mapping[str, int] = field(default_factory=dict)
    prefer: Mapping[str, int] = field(default_factory=dict)
    priority: int = 0
    weight: int | None = None
    first_response: int | None = None
    resolution: int | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, compiled."""

    id: str
    when: Condition
    then: Then


def read_rules(document: Any, pointer: str, queues: Collection[str], faults: Faults) -> tuple[Rule, ...]:
    """The rules of a document, in order."""
    if not isinstance(document, list) or not 1 <= len(document) <= MAX_RULES:
        faults.add(pointer, "not-a-list", f"expected a list of 1 to {MAX_RULES} rules, the last without when")
        return ()
    rules = tuple(_read_rule(entry, below(pointer, at), queues, faults) for at, entry in enumerate(document))
    _check_ids(rules, pointer, faults)
    _check_default(document, pointer, faults)
    return rules


def _check_ids(rules: tuple[Rule, ...], pointer: str, faults: Faults) -> None:
    seen: set[str] = set()
    for at, rule in enumerate(rules):
        if rule.id and rule.id in seen:
            faults.add(f"{pointer}/{at}/id", "duplicate-id", f"{rule.id} is the id of an earlier rule too")
        seen.add(rule.id)


def _check_default(document: list[Any], pointer: str, faults: Faults) -> None:
    open_ended = [at for at, rule in enumerate(document) if isinstance(rule, Mapping) and "when" not in rule]
    last = len(document) - 1
    for at in open_ended:
        if at != last:
            faults.add(
                f"{pointer}/{at}", "default-not-last", "only the last rule has no when; what follows is unreachable"
            )
    if last not in open_ended:
        faults.add(
            f"{pointer}/{last}", "missing-default", "the last rule must have no when, so that nothing is left over"
        )


def _read_rule(value: Any, pointer: str, queues: Collection[str], faults: Faults) -> Rule:
    entry = faults.mapping(value, pointer, known=_RULE_KEYS)
    name = entry.get("id")
    if not is_name(name):
        faults.add(below(pointer, "id"), "invalid-name", "a rule's id is lower-case letters, digits and hyphens")
    when = compile_condition(entry["when"], below(pointer, "when"), faults) if "when" in entry else ALWAYS
    then = _read_then(entry.get("then"), below(pointer, "then"), queues, faults)
    return Rule(id=name if isinstance(name, str) else "", when=when, then=then)


def _read_then(value: Any, pointer: str, queues: Collection[str], faults: Faults) -> Then:
    entry = faults.mapping(value, pointer, known=_THEN_KEYS)
    queue = entry.get("queue")
    if not isinstance(queue, str) or queue not in queues:
        faults.add(below(pointer, "queue"), "unknown-queue", f"expected one of: {', '.join(sorted(queues))}")
    return Then(
        queue=str(queue),
        require=read_skills(entry.get("require", {}), below(pointer, "require"), faults),
        prefer=read_skills(entry.get("prefer", {}), below(pointer, "prefer"), faults),
        priority=read_whole(entry, "priority", pointer, faults, low=0, high=HIGHEST_PRIORITY) or 0,
        weight=read_whole(entry, "weight", pointer, faults, low=1, high=100),
        first_response=read_duration(entry, "first_response", pointer, faults),
        resolution=read_duration(entry, "resolution", pointer, faults),
        tags=_read_tags(entry.get("tags", []), below(pointer, "tags"), faults),
    )


def _read_tags(value: Any, pointer: str, faults: Faults) -> tuple[str, ...]:
    if isinstance(value, list) and all(is_name(tag) for tag in value):
        return tuple(value)
    faults.add(pointer, "invalid-tags", "expected a list of names in lower-case letters, digits and hyphens")
    return ()
