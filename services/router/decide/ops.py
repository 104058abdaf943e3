"""The comparisons of conditions. Each makes a test of one value; text is compared without regard to case."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Test = Callable[[Any], bool]


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _same(one: Any, other: Any) -> bool:
    # True == 1 in Python, but an attribute that is 1 is not yes.
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _eq(wanted: Any) -> Test:
    folded = _folded(wanted)
    return lambda value: _same(_folded(value), folded)


def _ne(wanted: Any) -> Test:
    equal = _eq(wanted)
    return lambda value: not equal(value)


def _in(wanted: Any) -> Test:
    tests = [_eq(one) for one in wanted]
    return lambda value: any(test(value) for test in tests)


def _ge(wanted: Any) -> Test:
    return lambda value: (number := _number(value)) is not None and number >= wanted


def _le(wanted: Any) -> Test:
    return lambda value: (number := _number(value)) is not None and number <= wanted


def _contains(wanted: Any) -> Test:
    """Any of the phrases, at the start of a word: ``idiot`` is in *Idioten!*, ``art`` is not in *cart*."""
    phrases = [wanted] if isinstance(wanted, str) else wanted
    pattern = re.compile("|".join(_phrase(phrase) for phrase in phrases), re.IGNORECASE)
    return lambda value: isinstance(value, str) and pattern.search(value) is not None


def _phrase(phrase: str) -> str:
    words = r"\s+".join(re.escape(word) for word in phrase.split())
    return rf"\b{words}" if re.match(r"\w", words) else words


def _under(wanted: Any) -> Test:
    prefix = f"{wanted}."
    return lambda value: value == wanted or (isinstance(value, str) and value.startswith(prefix))


OPS: dict[str, Callable[[Any], Test]] = {
    "eq": _eq,
    "ne": _ne,
    "in": _in,
    "ge": _ge,
    "le": _le,
    "contains": _contains,
    "under": _under,
}
