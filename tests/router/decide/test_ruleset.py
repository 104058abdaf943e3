"""Rule documents: what is taken, and that every fault of a document is told at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from services.router.decide.ruleset import compile_ruleset
from shared.errors import Refused

DEMO = Path(__file__).parents[3] / "services" / "demo" / "rules.yaml"
DEFAULT = {"id": "rest", "then": {"queue": "general"}}


def document(*rules: Any, queues: Any = None) -> dict[str, Any]:
    return {"format": 1, "queues": {"general": {}} | (queues or {}), "rules": [*rules, DEFAULT]}


def when(condition: Any) -> dict[str, Any]:
    return document({"id": "one", "when": condition, "then": {"queue": "general"}})


def faults(doc: Any) -> set[tuple[str, str]]:
    with pytest.raises(Refused) as refused:
        compile_ruleset(doc)
    assert refused.value.code == "invalid-ruleset"
    return {(fault.pointer, fault.code) for fault in refused.value.faults}


def test_the_rules_of_the_demo_company_compile_with_triage_among_the_queues() -> None:
    ruleset = compile_ruleset(yaml.safe_load(DEMO.read_text()))
    assert len(ruleset.rules) == 16
    assert ruleset.queues["billing-dach"].first_response == 4 * 3600
    assert ruleset.queues["triage"].first_response == 2 * 3600


def test_triage_exists_in_a_document_that_does_not_name_it() -> None:
    assert compile_ruleset(document()).queues["triage"].offer_seconds == 60


def test_all_faults_of_a_document_are_told_at_once() -> None:
    doc = {
        "format": 2,
        "extra": True,
        "queues": {
            "a": {"offer_seconds": 1, "requires": {"topic.nonsense": 9}, "overflow": "nowhere", "colour": "red"}
        },
        "rules": [
            {"id": "Bad Id", "when": {"field": "mood", "op": "eq", "value": "bad"}, "then": {"queue": "b"}},
            {"id": "twin", "when": {"all": [{"field": "topic", "op": "eq", "value": "nix"}]}, "then": {"queue": "a"}},
            {"id": "twin", "then": {"queue": "a"}},
            {"id": "last", "when": {"field": "urgency", "op": "ge", "value": "high"}, "then": {"queue": "a", "x": 1}},
        ],
    }
    assert faults(doc) == {
        ("/format", "unknown-format"),
        ("/extra", "unknown-key"),
        ("/queues/a/offer_seconds", "invalid-number"),
        ("/queues/a/requires/topic.nonsense", "unknown-skill"),
        ("/queues/a/requires/topic.nonsense", "invalid-level"),
        ("/queues/a/overflow", "unknown-queue"),
        ("/queues/a/colour", "unknown-key"),
        ("/rules/0/id", "invalid-name"),
        ("/rules/0/when/field", "unknown-field"),
        ("/rules/0/then/queue", "unknown-queue"),
        ("/rules/1/when/all/0/value", "invalid-value"),
        ("/rules/2/id", "duplicate-id"),
        ("/rules/2", "default-not-last"),
        ("/rules/3/when/value", "invalid-value"),
        ("/rules/3/then/x", "unknown-key"),
        ("/rules/3", "missing-default"),
    }


@pytest.mark.parametrize(
    ("condition", "pointer", "code"),
    [
        ({"field": "language", "op": "eq", "value": "fr"}, "/value", "invalid-value"),
        ({"field": "language", "op": "in", "value": ["de", "xx"]}, "/value/1", "invalid-value"),
        ({"field": "channel", "op": "eq", "value": "fax"}, "/value", "invalid-value"),
        ({"field": "urgency", "op": "ge", "value": True}, "/value", "invalid-value"),
        ({"field": "urgency", "op": "ge", "value": 5}, "/value", "invalid-value"),
        ({"field": "confidence", "op": "ge", "value": float("nan")}, "/value", "invalid-value"),
        ({"field": "confidence", "op": "eq", "value": 0.5}, "/op", "unknown-op"),
        ({"field": "abstained", "op": "eq", "value": "yes"}, "/value", "invalid-value"),
        ({"field": "text", "op": "contains", "value": [" "]}, "/value/0", "invalid-value"),
        ({"field": "text", "op": "under", "value": "a"}, "/op", "unknown-op"),
        ({"field": "attributes.", "op": "eq", "value": "a"}, "/field", "unknown-field"),
        ({"field": "attributes.x", "op": "ge", "value": "a"}, "/value", "invalid-value"),
        ({"field": "topic", "op": "under"}, "", "missing-key"),
        ({"field": "topic", "op": ["eq"], "value": "billing"}, "/op", "unknown-op"),
        ({"field": ["topic"], "op": "eq", "value": "billing"}, "/field", "unknown-field"),
        ({"all": []}, "/all", "not-a-list"),
        ({"all": [], "any": []}, "", "one-of-all-any-none"),
        ("urgent", "", "not-a-condition"),
        (None, "", "not-a-condition"),
    ],
)
def test_a_condition_that_does_not_hold_together_is_a_fault_where_it_stands(
    condition: Any, pointer: str, code: str
) -> None:
    assert faults(when(condition)) == {(f"/rules/0/when{pointer}", code)}


def test_conditions_are_nested_three_deep_and_no_deeper() -> None:
    leaf: Any = {"field": "abstained", "op": "eq", "value": False}
    compile_ruleset(when({"all": [{"any": [{"none": [leaf]}]}]}))
    assert faults(when({"all": [{"any": [{"none": [{"all": [leaf]}]}]}]})) == {
        ("/rules/0/when/all/0/any/0/none/0/all", "too-deep")
    }


@pytest.mark.parametrize("bad", ["4", "h", "0h", "1w", "-1h", 4, None, "1.5h"])
def test_what_is_no_duration_is_a_fault(bad: Any) -> None:
    assert faults(document(queues={"q": {"first_response": bad}})) == {("/queues/q/first_response", "invalid-duration")}


@pytest.mark.parametrize("bad", [{"offer_seconds": 1}, {"offer_seconds": "60"}, {"offer_seconds": True}])
def test_an_offer_lasts_two_seconds_at_least(bad: Any) -> None:
    assert faults(document(queues={"q": bad})) == {("/queues/q/offer_seconds", "invalid-number")}


def test_overflow_that_comes_back_is_a_fault() -> None:
    queues = {"a": {"overflow": "b"}, "b": {"overflow": "a"}, "c": {"overflow": "a"}, "d": {"overflow": "d"}}
    assert faults(document(queues=queues)) == {
        ("/queues/a/overflow", "overflow-cycle"),
        ("/queues/b/overflow", "overflow-cycle"),
        ("/queues/d/overflow", "unknown-queue"),
    }


def test_triage_cannot_require_more_than_the_language() -> None:
    assert faults(document(queues={"triage": {"requires": {"tier": 2}}})) == {
        ("/queues/triage/requires", "triage-requires")
    }


@pytest.mark.parametrize("bad", [None, [], "text", 7, {"format": 1}, {"format": 1, "queues": [], "rules": {}}])
def test_what_is_no_document_at_all_is_refused_with_reasons(bad: Any) -> None:
    assert faults(bad)
