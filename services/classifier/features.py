"""From a text to a sparse vector: words and their pairs, parts of words, concepts and their pairs. Pure.

Training and serving share this file, so that they cannot see different features.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from services.classifier.lexicon import Concepts
from services.classifier.text import tokens

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]

BLOCKS = ("words", "parts", "concepts")
"""Each block of features is brought to length 1 by itself, so that long words do not drown short lists."""

SHORTEST, LONGEST = 2, 5
_WORDS_REMEMBERED = 50_000


@dataclass(frozen=True, slots=True)
class Sparse:
    """The features of one text: which and how much."""

    indices: Indices
    values: Floats


def parts_of_word(word: str) -> list[str]:
    """Every piece of 2 to 5 letters, the word's edges marked by blanks; marks and numbers have none."""
    if not word.isalpha():
        return []
    edged = f" {word} "
    return [edged[i : i + n] for n in range(SHORTEST, LONGEST + 1) for i in range(len(edged) - n + 1)]


def name_blocks(text: str, concepts: Concepts | None) -> dict[str, list[str]]:
    """The names of all features of ``text`` by block, repeats included."""
    said, meant = _said_and_meant(text, concepts)
    return {
        "words": _with_pairs(said),
        "parts": [part for word in said for part in parts_of_word(word)],
        "concepts": _with_pairs(meant),
    }


def _said_and_meant(text: str, concepts: Concepts | None) -> tuple[list[str], list[str]]:
    said = tokens(text)
    return said, [concept for word in said for concept in concepts.of_word(word)] if concepts else []


def _with_pairs(names: list[str]) -> list[str]:
    return names + [f"{a} {b}" for a, b in pairwise(names)]


class Vocabulary:
    """Names of features with their place in the vector and their rarity (inverse document frequency)."""

    def __init__(self, names: Mapping[str, Sequence[str]], rarity: Floats, weights: Mapping[str, float]) -> None:
        self.names = {block: tuple(names[block]) for block in BLOCKS}
        self.rarity = rarity
        self.weights = dict(weights)
        self._places: dict[str, dict[str, int]] = {}
        start = 0
        for block in BLOCKS:
            self._places[block] = {name: start + i for i, name in enumerate(self.names[block])}
            start += len(self.names[block])
        self.size = start
        if rarity.shape != (start,):
            raise ValueError(f"{start} names but {rarity.shape} rarities")
        self._parts = lru_cache(_WORDS_REMEMBERED)(self._places_of_parts)

    @classmethod
    def learn(
        cls, texts: Sequence[Mapping[str, list[str]]], *, seen_in: int, weights: Mapping[str, float]
    ) -> Vocabulary:
        """All features that occur in at least ``seen_in`` of ``texts``."""
        counts = {block: Counter[str]() for block in BLOCKS}
        for text in texts:
            for block in BLOCKS:
                counts[block].update(set(text[block]))
        names = {block: sorted(n for n, c in counts[block].items() if c >= seen_in) for block in BLOCKS}
        occurring = [counts[block][name] for block in BLOCKS for name in names[block]]
        rarity = np.log((1 + len(texts)) / (1 + np.asarray(occurring, dtype=np.float64))) + 1
        return cls(names, rarity.astype(np.float32), weights)

    def vector(self, text: str, concepts: Concepts | None) -> Sparse:
        """The features of ``text`` that the vocabulary knows."""
        said, meant = _said_and_meant(text, concepts)
        blocks = {
            "words": _known(self._places["words"], _with_pairs(said)),
            "parts": [place for word in said for place in self._parts(word)],
            "concepts": _known(self._places["concepts"], _with_pairs(meant)),
        }
        return _joined([self._block(places, self.weights[name]) for name, places in blocks.items() if places])

    def knows_word(self, word: str) -> bool:
        """Whether the folded ``word`` itself occurred in training."""
        return word in self._places["words"]

    def _places_of_parts(self, word: str) -> tuple[int, ...]:
        known = self._places["parts"]
        return tuple(known[part] for part in parts_of_word(word) if part in known)

    def _block(self, places: list[int], weight: float) -> Sparse:
        indices, counts = np.unique(np.asarray(places, dtype=np.intp), return_counts=True)
        values = (1 + np.log(counts)).astype(np.float32) * self.rarity[indices]
        return Sparse(indices, values * np.float32(weight / float(np.sqrt(values @ values))))

    def to_json(self) -> dict[str, Any]:
        """The parts that are not arrays."""
        return {"names": {block: list(self.names[block]) for block in BLOCKS}, "weights": self.weights}


def _known(places: Mapping[str, int], names: Iterable[str]) -> list[int]:
    return [places[name] for name in names if name in places]


def _joined(blocks: Sequence[Sparse]) -> Sparse:
    if not blocks:
        return Sparse(np.empty(0, dtype=np.intp), np.empty(0, dtype=np.float32))
    return Sparse(np.concatenate([b.indices for b in blocks]), np.concatenate([b.values for b in blocks]))
