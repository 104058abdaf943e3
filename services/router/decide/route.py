"""Where one inquiry goes: the queue, what an agent must hold, how much it weighs, when it is due, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from services.router.decide.facts import Facts
from services.router.decide.queues import TRIAGE, Queue
from services.router.decide.rules import Rule, Then
from services.router.decide.ruleset import RuleSet
from services.router.decide.skills import language_skill, merged
from shared.domain.classification import LANGUAGES
from shared.domain.inquiry import Channel
from shared.domain.work import WEIGHTS


@dataclass(frozen=True, slots=True)
class Route:
    """What routing decided. ``trace`` names each rule that was tried, in order, and whether it matched."""

    queue: str
    rule: str
    rule_set: int
    requires: Mapping[str, int]
    prefers: Mapping[str, int]
    weight: int
    priority: int
    offer_seconds: int
    overflow: str | None = None
    first_response_due: datetime | None = None
    resolution_due: datetime | None = None
    trace: tuple[Mapping[str, Any], ...] = ()
    tags: tuple[str, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """JSON-able, times as ISO text; ``from_json`` gives the equal value back."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        for name in ("requires", "prefers"):
            plain[name] = dict(plain[name])
        for name in ("first_response_due", "resolution_due"):
            plain[name] = plain[name].isoformat() if plain[name] else None
        plain["trace"] = [dict(step) for step in self.trace]
        plain["tags"] = list(self.tags)
        return plain

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The route that ``to_json`` wrote."""
        plain = {name: data[name] for name in cls.__dataclass_fields__ if name in data}
        for name in ("first_response_due", "resolution_due"):
            plain[name] = datetime.fromisoformat(plain[name]) if plain.get(name) else None
        plain["trace"] = tuple(plain.get("trace", ()))
        plain["tags"] = tuple(plain.get("tags", ()))
        return cls(**plain)


def route(ruleset: RuleSet, facts: Facts, *, version: int, received_at: datetime) -> Route:
    """The route of ``facts`` by the rule set that is numbered ``version``.

    What cannot be read, or is in no language we have, goes to ``triage``. What the classifier is unsure of goes there
    too, unless a rule that itself asks about ``abstained`` wants it.
    """
    readable = not facts.unreadable and facts.language in LANGUAGES
    tried: list[Mapping[str, Any]] = []
    for rule in _applicable(ruleset.rules, facts) if readable else ():
        matched = rule.when.test(facts)
        tried.append({"rule": rule.id, "matched": matched})
        if matched:
            return _route(ruleset, facts, rule.id, rule.then, version, received_at, tuple(tried))
    tried.append({"rule": TRIAGE, "matched": True})
    return _route(ruleset, facts, TRIAGE, Then(queue=TRIAGE), version, received_at, tuple(tried))


def requirements(queue: Queue, asked: Mapping[str, int], language: str) -> dict[str, int]:
    """What an agent must hold for an item of ``queue``: its own skills, the rule's, and always the language."""
    spoken = {language_skill(language): 1} if language in LANGUAGES else {}
    return merged(queue.requires, asked, spoken)


def _applicable(rules: Iterable[Rule], facts: Facts) -> Iterable[Rule]:
    return (rule for rule in rules if not facts.abstained or "abstained" in rule.when.looks_at)


def _route(
    ruleset: RuleSet,
    facts: Facts,
    rule: str,
    then: Then,
    version: int,
    received_at: datetime,
    trace: tuple[Mapping[str, Any], ...],
) -> Route:
    queue = ruleset.queues[then.queue]
    return Route(
        queue=queue.id,
        rule=rule,
        rule_set=version,
        requires=requirements(queue, then.require, facts.language),
        prefers=dict(then.prefer),
        weight=then.weight or WEIGHTS[Channel(facts.channel)],
        priority=queue.priority + then.priority,
        offer_seconds=queue.offer_seconds,
        overflow=queue.overflow,
        first_response_due=_due(received_at, then.first_response or queue.first_response),
        resolution_due=_due(received_at, then.resolution or queue.resolution),
        trace=trace,
        tags=then.tags,
    )


def _due(received_at: datetime, seconds: int | None) -> datetime | None:
    return received_at + timedelta(seconds=seconds) if seconds is not None else None
