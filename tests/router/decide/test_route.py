"""Routing one inquiry: first match, the two reserved ends, what is required, when it is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.router.decide.facts import Facts
from services.router.decide.route import Route, route
from services.router.decide.ruleset import compile_ruleset

NOW = datetime(2026, 3, 4, 9, tzinfo=UTC)
PLAIN = Facts(topic="billing", language="de", urgency=2, confidence=0.9, abstained=False, channel="email")


def routed(facts: Facts, *rules: dict[str, Any], queues: dict[str, Any] | None = None) -> Route:
    document = {
        "format": 1,
        "queues": {"general": {}, "special": {"priority": 5}} | (queues or {}),
        "rules": [*rules, {"id": "rest", "then": {"queue": "general"}}],
    }
    return route(compile_ruleset(document), facts, version=7, received_at=NOW)


def rule(condition: Any, **then: Any) -> dict[str, Any]:
    return {"id": "special", "when": condition, "then": {"queue": "special", **then}}


def leaf(field: str, op: str, value: Any) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


@pytest.mark.parametrize(
    ("changes", "condition", "matches"),
    [
        ({}, leaf("topic", "eq", "billing"), True),
        ({}, leaf("topic", "ne", "billing"), False),
        ({"topic": "billing.card"}, leaf("topic", "eq", "billing"), False),
        ({"topic": "billing.card"}, leaf("topic", "under", "billing"), True),
        ({"topic": "billings"}, leaf("topic", "under", "billing"), False),
        ({}, leaf("topic", "under", "billing.card"), False),
        ({}, leaf("topic", "in", ["refund", "billing"]), True),
        ({"urgency": 3}, leaf("urgency", "ge", 3), True),
        ({"urgency": 2}, leaf("urgency", "ge", 3), False),
        ({"confidence": 0.4}, leaf("confidence", "le", 0.5), True),
        ({"text": "Ihr IDIOTEN!"}, leaf("text", "contains", "idiot"), True),
        ({"text": "die Karte"}, leaf("text", "contains", "art"), False),
        ({"text": "Ihr\n  Betrüger"}, leaf("text", "contains", ["x", "ihr betrüger"]), True),
        ({"text": "a+b"}, leaf("text", "contains", "a+b"), True),
        ({"text": "aab"}, leaf("text", "contains", "a+b"), False),
        ({"text": "tu esi stulbeņi"}, leaf("text", "contains", "stulbeņi"), True),
        ({"text": "cost: €50"}, leaf("text", "contains", "€50"), True),
        ({"attributes": {"tier": "VIP"}}, leaf("attributes.tier", "eq", "vip"), True),
        ({"attributes": {"a.b": 1}}, leaf("attributes.a.b", "ge", 1), True),
        ({"attributes": {"n": True}}, leaf("attributes.n", "eq", 1), False),
        ({"attributes": {"n": "7"}}, leaf("attributes.n", "ge", 1), False),
        ({"attributes": {"n": ["x"]}}, leaf("attributes.n", "in", ["x"]), False),
        ({}, leaf("attributes.tier", "eq", "vip"), False),
        ({}, leaf("attributes.tier", "ne", "vip"), True),
        ({"sender": "a@shop.example"}, leaf("sender", "eq", "A@Shop.example"), True),
        ({}, {"all": [leaf("topic", "eq", "billing"), leaf("urgency", "eq", 2)]}, True),
        ({}, {"all": [leaf("topic", "eq", "billing"), leaf("urgency", "eq", 3)]}, False),
        ({}, {"any": [leaf("topic", "eq", "refund"), leaf("urgency", "eq", 2)]}, True),
        ({}, {"none": [leaf("topic", "eq", "refund"), leaf("urgency", "eq", 3)]}, True),
        ({}, {"none": [leaf("topic", "eq", "billing")]}, False),
    ],
)
def test_a_condition_matches_what_it_says(changes: dict[str, Any], condition: Any, matches: bool) -> None:
    found = routed(replace(PLAIN, **changes), rule(condition))
    assert found.rule == ("special" if matches else "rest")


def test_the_first_match_wins_and_the_trace_says_what_was_tried() -> None:
    never = {"id": "never", "when": leaf("urgency", "eq", 4), "then": {"queue": "general"}}
    late = {"id": "late", "when": leaf("urgency", "eq", 2), "then": {"queue": "general"}}
    found = routed(PLAIN, never, rule(leaf("urgency", "eq", 2)), late)
    assert (found.rule, found.queue, found.rule_set) == ("special", "special", 7)
    assert found.trace == ({"rule": "never", "matched": False}, {"rule": "special", "matched": True})


def test_requirements_of_queue_and_rule_merge_by_the_higher_level_and_the_language_is_always_one() -> None:
    queues = {"special": {"requires": {"language.de": 3, "topic.billing": 2}}}
    found = routed(PLAIN, rule(leaf("urgency", "eq", 2), require={"topic.billing": 4, "tier": 2}), queues=queues)
    assert found.requires == {"language.de": 3, "topic.billing": 4, "tier": 2}
    assert routed(PLAIN).requires == {"language.de": 1}


@pytest.mark.parametrize(
    ("changes", "requires"),
    [
        ({"abstained": True}, {"language.de": 1}),
        ({"unreadable": True}, {"language.de": 1}),
        ({"language": "und"}, {}),
        ({"language": "fr"}, {}),
    ],
)
def test_what_is_unsure_or_unreadable_goes_to_triage_requiring_the_language_at_most(
    changes: dict[str, Any], requires: dict[str, int]
) -> None:
    found = routed(replace(PLAIN, **changes), rule(leaf("urgency", "eq", 2)))
    assert (found.queue, found.rule, found.requires) == ("triage", "triage", requires)
    assert found.trace[-1] == {"rule": "triage", "matched": True}


def test_a_rule_that_asks_about_abstained_catches_the_unsure_before_triage() -> None:
    unsure = replace(PLAIN, abstained=True)
    assert routed(unsure, rule(leaf("abstained", "eq", True))).queue == "special"
    assert routed(replace(unsure, language="und"), rule(leaf("abstained", "eq", True))).queue == "triage"


def test_priorities_add_up_and_due_times_count_from_receipt() -> None:
    queues = {"special": {"priority": 5, "first_response": "4h", "resolution": "2d", "offer_seconds": 30}}
    found = routed(PLAIN, rule(leaf("urgency", "eq", 2), priority=10, first_response="30m"), queues=queues)
    assert (found.priority, found.offer_seconds) == (15, 30)
    assert found.first_response_due == NOW + timedelta(minutes=30)
    assert found.resolution_due == NOW + timedelta(days=2)


@pytest.mark.parametrize(("channel", "weight"), [("email", 15), ("chat", 33), ("voicemail", 100), ("api", 15)])
def test_weight_follows_the_channel(channel: str, weight: int) -> None:
    assert routed(replace(PLAIN, channel=channel)).weight == weight


def test_routes_and_facts_survive_json() -> None:
    found = routed(PLAIN, rule(leaf("urgency", "eq", 2), tags=["a"], prefer={"tier": 2}, resolution="1d"))
    assert Route.from_json(found.to_json()) == found
    facts = replace(PLAIN, attributes={"a": [1]}, unreadable=True)
    assert Facts.from_json(facts.to_json()) == facts
