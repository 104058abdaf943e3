"""JSON between ourselves is the same JSON as before, and an unread object says what its text says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.jsontext import Unread, dump, dump_text, load

_WORDS = st.text(st.characters(codec="utf-8"), max_size=20)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_WORDS, inner, max_size=4),
    max_leaves=20,
)


@given(_VALUES)
def test_what_is_written_is_read_again_by_us_and_by_everyone(value: Any) -> None:
    assert load(dump(value)) == value
    assert load(dump_text(value)) == value
    assert json.loads(dump(value)) == value
    assert load(json.dumps(value)) == value


def test_text_is_written_as_it_is_and_without_spaces() -> None:
    assert dump({"stadt": "Zürich", "n": [1, 2.5]}) == '{"stadt":"Zürich","n":[1,2.5]}'.encode()


@pytest.mark.parametrize("unfit", ["half \ud800 a character", {"half \udfff": 1}, object()])
def test_what_no_store_takes_is_refused(unfit: Any) -> None:
    with pytest.raises(ValueError, match="rializ"):
        dump_text(unfit)


@pytest.mark.parametrize("text", ["", "{", "[1,]", '"\\ud800"', b"\xff", "[" * 300 + "]" * 300])
def test_what_is_not_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(ValueError):
        load(text)


def test_an_unread_object_answers_as_the_object_does() -> None:
    unread = Unread('{"a": 1, "b": {"c": [2]}}')
    assert (unread["b"], unread.get("x"), list(unread), len(unread)) == ({"c": [2]}, None, ["a", "b"], 2)
    assert unread == unread.read() == {"a": 1, "b": {"c": [2]}}


def test_an_unread_object_is_passed_on_as_it_came() -> None:
    text = '{"b":  1,"a": 2}'
    assert (dump(Unread(text)), dump_text(Unread(text))) == (text.encode(), text)
