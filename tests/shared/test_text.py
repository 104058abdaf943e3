"""Text that has been cleaned fits every store."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.text import clean, clean_json, clean_line

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()))
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=10,
)
NASTY = ["", "\x00", "a\x00b", "\ud800", "\udfff\ud800", "😀", "\ufffe\uffff", "\x01\x1f\x7f\x85", "\u202e", "é" * 1000]


@given(ANY_TEXT)
def test_cleaned_text_has_neither_nul_nor_surrogate_and_is_otherwise_the_same(text):
    cleaned = clean(text)
    assert "\x00" not in cleaned
    cleaned.encode()
    assert len(cleaned) == len(text)
    assert clean(cleaned) == cleaned


@given(ANY_TEXT)
def test_a_cleaned_line_is_one_line(text):
    line = clean_line(text)
    assert len(line.splitlines()) <= 1
    assert clean_line(line) == line
    line.encode()


@given(ANY_JSON)
def test_cleaned_json_can_be_written_as_utf8(value):
    text = json.dumps(clean_json(value), ensure_ascii=False, allow_nan=False)
    text.encode()
    assert "\\u0000" not in text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": [float("-inf")]}, object(), [[[[[1]]]]]])
def test_json_that_no_store_takes_is_refused(value):
    with pytest.raises(ValueError):
        clean_json(value, depth=4)


async def test_postgresql_takes_every_cleaned_text(pool):
    for text in NASTY:
        assert await pool.fetchval("SELECT $1::text", clean(text)) == clean(text)
        document = clean_json({text: [text]})
        assert await pool.fetchval("SELECT $1::jsonb", document) == document
