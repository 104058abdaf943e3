"""One word is one feature however it was typed, and a concept is one feature in every language."""

from __future__ import annotations

import numpy as np
import pytest

from services.classifier import lexicon
from services.classifier.features import Vocabulary, name_blocks, parts_of_word
from services.classifier.lexicon import Concepts, Phrases
from services.classifier.text import fold, tokens
from shared.domain.classification import LANGUAGES

EVEN = {"words": 1.0, "parts": 1.0, "concepts": 1.0}


@pytest.mark.parametrize(
    "spellings",
    [
        ("für", "fuer", "fur"),
        ("påske", "paaske", "paske"),
        ("zażółć", "zazolc"),
        ("rēķins", "rekins"),
        ("Größe", "GROESSE"),
    ],
)
def test_spellings_of_one_word_fold_to_one(spellings: tuple[str, ...]) -> None:
    assert len({fold(spelling) for spelling in spellings}) == 1


def test_numbers_and_addresses_say_only_that_they_are_there() -> None:
    assert tokens("Pay 1.234,50 € to max@shop.example via https://shop.example/x?y=1!") == [
        "pay",
        "0",
        "€",
        "to",
        "via",
    ]


def test_a_word_has_parts_with_marked_edges() -> None:
    assert parts_of_word("ab") == [" a", "ab", "b ", " ab", "ab ", " ab "]
    assert parts_of_word("0") == []


def test_blocks_are_of_length_one_each() -> None:
    texts = ["the invoice is wrong", "the invoice is here", "no invoice"]
    concepts = Concepts({"invoice": "invoice*"})
    vocabulary = Vocabulary.learn([name_blocks(text, concepts) for text in texts], seen_in=2, weights=EVEN)
    vector = vocabulary.vector("the invoice", concepts)
    assert float(vector.values @ vector.values) == pytest.approx(3.0)
    assert len(vocabulary.vector("żółw", None).indices) == 0
    assert vector.values.dtype == np.float32


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("card", "card", "cards"),
        ("card*", "cards", "discard"),
        ("*karte", "kreditkarte", "karten"),
        ("*pris*", "nypriset", "pri"),
    ],
)
def test_patterns_match_as_they_say(pattern: str, yes: str, no: str) -> None:
    concepts = Concepts({"x": pattern})
    assert concepts.of_word(yes) == ("x",)
    assert concepts.of_word(no) == ()


def test_phrases_match_whole_words_in_order() -> None:
    phrases = Phrases({"x": ["third time", "nobody … called", "lawyer*"]})
    assert phrases.found_in("for the THIRD  time!") == ("x",)
    assert phrases.found_in("Nobody has ever called") == ("x",)
    assert phrases.found_in("my lawyers") == ("x",)
    assert phrases.found_in("third timer, nobody of you all has ever called") == ()


def test_word_lists_name_the_same_concepts_and_flags_in_every_language() -> None:
    lists = lexicon.read()
    assert set(lists) == set(LANGUAGES)
    assert len({frozenset(words["concepts"]) for words in lists.values()}) == 1
    assert len({frozenset(words["flags"]) for words in lists.values()}) == 1
    assert all(isinstance(name, str) for words in lists.values() for name in words["concepts"])
