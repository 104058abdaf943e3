"""Rule documents as text: lines with every fault, and nothing that can hurt the reader."""

from __future__ import annotations

import pytest

from services.router.rulesets import BUILT_IN, parse
from shared.errors import Fault, Refused

GOOD = "format: 1\nqueues:\n  general: {}\nrules:\n  - {id: rest, then: {queue: general}}\n"


def faults(source: str | bytes, content_type: str = "application/yaml") -> tuple[Fault, ...]:
    with pytest.raises(Refused) as refused:
        parse(source, content_type)
    assert refused.value.code == "invalid-ruleset"
    return refused.value.faults


def test_yaml_and_json_spell_the_same_document() -> None:
    document, ruleset = parse(GOOD)
    json = '{"format":1,"queues":{"general":{}},"rules":[{"id":"rest","then":{"queue":"general"}}]}'
    assert parse(json, "application/json; charset=utf-8")[0] == document
    assert parse(b"\xef\xbb\xbf" + GOOD.encode())[0] == document
    assert [rule.id for rule in ruleset.rules] == ["rest"]


def test_the_built_in_rules_are_good() -> None:
    assert parse(BUILT_IN)[1].rules


def test_each_fault_has_the_line_of_what_it_points_at() -> None:
    source = GOOD.replace("general: {}", "general:\n      offer_seconds: 1\n      colour: red").replace(
        "queue: general", "queue: q"
    )
    assert {(fault.pointer, fault.line) for fault in faults(source)} == {
        ("/queues/general/offer_seconds", 4),
        ("/queues/general/colour", 5),
        ("/rules/0/then/queue", 7),
    }


def test_faults_of_json_have_lines_too() -> None:
    found = faults(
        '{"format": 1,\n"queues": {},\n"rules": [\n{"id": "a", "then": {"queue": "b"}}]}', "application/json"
    )
    assert [(fault.pointer, fault.line) for fault in found] == [("/rules/0/then/queue", 4)]
    assert faults('{"format": 1,\n oops}', "application/json")[0].line == 2


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("a: &x [1]\nb: *x", "alias"),
        ("a: [", "invalid-yaml"),
        ("[" * 100, "too-deep"),
        ("[" * 100_000, "invalid-yaml"),
        ("a: 2024-99-99", "invalid-yaml"),
        ("x: !!python/object/apply:os.system [ls]", "invalid-yaml"),
        (b"\xff\xfe\x00", "invalid-encoding"),
        ("\ud800", "invalid-encoding"),
        ("a" * 1_000_001, "too-large"),
        (GOOD + "queues: {}\n", "duplicate-key"),
        (GOOD.replace("id: rest", 'id: "\\0"'), "invalid-text"),
        ("", "not-a-mapping"),
        ("x: " + "9" * 5000, "invalid-yaml"),
    ],
)
def test_hostile_yaml_is_refused_with_a_reason(source: str | bytes, code: str) -> None:
    assert code in {fault.code for fault in faults(source)}


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("[" * 200_000, "invalid-json"),
        ("9" * 5000, "invalid-json"),
        ('{"format": 1, "format": 1}', "duplicate-key"),
        ('{"rules": "\\ud800"}', "invalid-text"),
    ],
)
def test_hostile_json_is_refused_with_a_reason(source: str, code: str) -> None:
    assert code in {fault.code for fault in faults(source, "application/json")}
