"""A rule's ``when``: a tree of ``all`` / ``any`` / ``none`` with leaves, checked and compiled to one closure.

Leaves are checked when a rule set is saved, never when an inquiry is routed: a value that the field cannot take is a
fault at its pointer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from services.router.decide.facts import Facts
from services.router.decide.faults import Faults, below
from services.router.decide.fields import fields, find_field
from services.router.decide.ops import OPS
from services.router.decide.values import value_fault

Test = Callable[[Facts], bool]
MAX_DEPTH = 3
MAX_BRANCHES = 100
_JOINS: dict[str, Callable[[list[Test]], Test]] = {
    "all": lambda tests: lambda facts: all(test(facts) for test in tests),
    "any": lambda tests: lambda facts: any(test(facts) for test in tests),
    "none": lambda tests: lambda facts: not any(test(facts) for test in tests),
}
_LEAF = ("field", "op", "value")


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled ``when``, and the names of the fields it looks at."""

    test: Test
    looks_at: frozenset[str] = frozenset()


ALWAYS = Condition(test=lambda _: True)


def compile_condition(node: Any, pointer: str, faults: Faults, *, depth: int = 1) -> Condition:
    """The condition of ``node``; what is wrong with it is noted in ``faults`` and the result then means nothing."""
    if not isinstance(node, Mapping):
        faults.add(pointer, "not-a-condition", "expected all, any, none, or field with op and value")
        return ALWAYS
    joins = [name for name in _JOINS if name in node]
    if not joins:
        return _leaf(node, pointer, faults)
    if len(node) != 1:
        faults.add(pointer, "one-of-all-any-none", "a condition has exactly one of all, any, none")
        return ALWAYS
    return _branch(joins[0], node[joins[0]], below(pointer, joins[0]), faults, depth)


def _branch(join: str, nodes: Any, pointer: str, faults: Faults, depth: int) -> Condition:
    if depth > MAX_DEPTH:
        faults.add(pointer, "too-deep", f"conditions may be nested {MAX_DEPTH} deep")
        return ALWAYS
    if not isinstance(nodes, list) or not 1 <= len(nodes) <= MAX_BRANCHES:
        faults.add(pointer, "not-a-list", f"expected a list of 1 to {MAX_BRANCHES} conditions")
        return ALWAYS
    parts = [
        compile_condition(node, below(pointer, index), faults, depth=depth + 1) for index, node in enumerate(nodes)
    ]
    looks_at = frozenset().union(*(part.looks_at for part in parts))
    return Condition(test=_JOINS[join]([part.test for part in parts]), looks_at=looks_at)


def _leaf(node: Mapping[str, Any], pointer: str, faults: Faults) -> Condition:
    leaf = faults.mapping(node, pointer, known=_LEAF)
    missing = [name for name in _LEAF if name not in leaf]
    for name in missing:
        faults.add(pointer, "missing-key", f"a condition needs {name}")
    if missing:
        return ALWAYS
    return _typed_leaf(leaf, pointer, faults)


def _typed_leaf(leaf: Mapping[str, Any], pointer: str, faults: Faults) -> Condition:
    found = find_field(leaf["field"]) if isinstance(leaf["field"], str) else None
    if found is None:
        names = ", ".join(f"{name}<key>" if name.endswith(".") else name for name in sorted(fields()))
        faults.add(below(pointer, "field"), "unknown-field", f"expected one of: {names}")
        return ALWAYS
    field, key = found
    op, value = leaf["op"], leaf["value"]
    if op not in field.ops:
        faults.add(below(pointer, "op"), "unknown-op", f"{field.name} takes one of: {', '.join(field.ops)}")
        return ALWAYS
    problems = value_fault(field, op, value)
    for index, detail in problems:
        where = below(pointer, "value")
        faults.add(where if index is None else below(where, index), "invalid-value", detail)
    if problems:
        return ALWAYS
    compare, read = OPS[op](value), field.read
    return Condition(test=lambda facts: compare(read(facts, key)), looks_at=frozenset({leaf["field"]}))
