"""Whether a condition's value is one that its field can take."""

from __future__ import annotations

from typing import Any

from services.router.decide.field import Field, FieldType
from services.router.decide.skills import is_known_topic
from shared.domain.classification import TOPICS

MAX_LIST = 500
MAX_TEXT = 500
LARGEST = 10**15


def value_fault(field: Field, op: str, value: Any) -> list[tuple[int | None, str]]:
    """Nothing if ``value`` fits; else what is wrong, each with its place in the list where ``value`` is one."""
    if op == "in" or (op == "contains" and isinstance(value, list)):
        return _list_faults(field, op, value)
    detail = _one_fault(field, op, value)
    return [(None, detail)] if detail else []


def _list_faults(field: Field, op: str, values: Any) -> list[tuple[int | None, str]]:
    if not isinstance(values, list) or not 1 <= len(values) <= MAX_LIST:
        return [(None, f"expected a list of 1 to {MAX_LIST} values")]
    checked = ((index, _one_fault(field, op, value)) for index, value in enumerate(values))
    return [(index, detail) for index, detail in checked if detail]


def _one_fault(field: Field, op: str, value: Any) -> str | None:
    if op == "contains":
        return _text_fault(value, least=1)
    if op in {"ge", "le"}:
        return _number_fault(field, value)
    return {
        FieldType.CHOICE: _choice_fault,
        FieldType.TOPIC: _topic_fault,
        FieldType.NUMBER: _number_fault,
        FieldType.FLAG: _flag_fault,
        FieldType.TEXT: lambda _, text: _text_fault(text, least=0),
        FieldType.ANY: _any_fault,
    }[field.type](field, value)


def _choice_fault(field: Field, value: Any) -> str | None:
    return None if value in field.values else f"expected one of: {', '.join(field.values)}"


def _topic_fault(_: Field, value: Any) -> str | None:
    return None if is_known_topic(value) else f"expected one of: {', '.join(TOPICS)}, or a child of one"


def _number_fault(field: Field, value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:
        return "expected a number"
    low = field.low if field.low is not None else value
    high = field.high if field.high is not None else value
    return None if low <= value <= high else f"expected a number from {low:g} to {high:g}"


def _flag_fault(_: Field, value: Any) -> str | None:
    return None if isinstance(value, bool) else "expected true or false"


def _text_fault(value: Any, *, least: int) -> str | None:
    if isinstance(value, str) and least <= len(value.strip()) and len(value) <= MAX_TEXT:
        return None
    return f"expected text of {least} to {MAX_TEXT} characters"


def _any_fault(_: Field, value: Any) -> str | None:
    if isinstance(value, str):
        return _text_fault(value, least=0)
    return None if isinstance(value, bool | int | float) else "expected text, a number, or true or false"
