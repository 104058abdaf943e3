"""Word lists by language (``data/<language>.yaml``): concepts that six languages share, and phrases that raise a flag.

A concept gives a word the same feature in every language, so that what is learnt from Polish examples helps Latvian.
Patterns: ``word`` the whole word, ``word*`` its beginning, ``*word`` its end, ``*word*`` anywhere inside.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from services.classifier.text import fold, tokens

DATA = Path(__file__).parent / "data"
_WORDS_REMEMBERED = 20_000


def read(folder: Path = DATA) -> dict[str, Any]:
    """Every ``<language>.yaml`` of ``folder`` as plain JSON values, the form a bundle keeps."""
    return {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in sorted(folder.glob("*.yaml"))}


class Concepts:
    """Finds the concepts of one language in words."""

    def __init__(self, patterns: Mapping[str, str]) -> None:
        self._exact: dict[str, list[str]] = {}
        self._parts: list[tuple[str, bool, bool, str]] = []
        for concept, listed in patterns.items():
            for pattern in listed.split():
                self._add(concept, pattern)
        self.of_word = lru_cache(_WORDS_REMEMBERED)(self._of_word)

    def _add(self, concept: str, pattern: str) -> None:
        stem = fold(pattern.strip("*"))
        if "*" in pattern:
            self._parts.append((stem, not pattern.startswith("*"), not pattern.endswith("*"), concept))
        else:
            self._exact.setdefault(stem, []).append(concept)

    def _of_word(self, word: str) -> tuple[str, ...]:
        found = dict.fromkeys(self._exact.get(word, ()))
        for stem, at_start, at_end, concept in self._parts:
            if (
                stem in word
                and not (at_start and not word.startswith(stem))
                and not (at_end and not word.endswith(stem))
            ):
                found[concept] = None
        return tuple(found)


class Phrases:
    """Finds which of several named lists of phrases occur in a text of one language."""

    def __init__(self, lists: Mapping[str, list[str]]) -> None:
        self._patterns = {name: _one_of(phrases) for name, phrases in sorted(lists.items()) if phrases}

    def found_in(self, text: str) -> tuple[str, ...]:
        """The names of the lists with a phrase in ``text``."""
        spoken = " ".join(tokens(text))
        return tuple(name for name, pattern in self._patterns.items() if pattern.search(spoken))


def _one_of(phrases: list[str]) -> re.Pattern[str]:
    """Words in order; ``*`` at a word's end lets it go on, `` … `` lets up to three words stand between."""
    return re.compile("|".join(_expression(phrase) for phrase in phrases))


def _expression(phrase: str) -> str:
    parts = [" ".join(_words(part)) for part in phrase.split("…")]
    return r"\b" + r" (?:\S+ ){0,3}".join(parts)


def _words(part: str) -> list[str]:
    return [re.escape(fold(word.strip("*"))) + (r"\w*" if word.endswith("*") else r"\b") for word in part.split()]
