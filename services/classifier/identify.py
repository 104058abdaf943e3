"""What two witnesses say about the language of a text: py3langid, and n-grams of the corpus. Pure but for the model."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import numpy as np
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from services.classifier.features import Floats, Sparse
from services.classifier.text import strip_marks, words
from shared.domain.classification import LANGUAGES

LOOKED_AT = 1_000
"""Characters that are enough to know a language."""

RELATIVES = frozenset({"no", "nb", "nn", "nds", "lb", "csb", "szl", "ltg", "fo", "sco", "fy", "gsw"})
"""Close to one of ours: no sign of a foreign text, since short texts of ours are often taken for them."""

LONGEST = 4
_SPANS = (1, 2, 3, 5, 8, 12)
_SMALLEST = 1e-6


@lru_cache(1)
def identifier() -> LanguageIdentifier:
    """The general model of 140 languages; loading takes half a second, so it happens once."""
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def warm_up() -> None:
    """Load the general model now, so that the first message does not wait for it."""
    identifier()


def general_view(text: str) -> tuple[Floats, float]:
    """Log-probabilities of our languages among themselves, and the share that goes to foreign languages."""
    shares = dict(identifier().rank(text[:LOOKED_AT]))
    ours = np.asarray([shares[language] for language in LANGUAGES], dtype=np.float64) + _SMALLEST
    near = sum(share for language, share in shares.items() if language in RELATIVES)
    known = float(sum(shares[language] for language in LANGUAGES))
    return np.log(ours / ours.sum()).astype(np.float32), max(0.0, 1.0 - known - near)


class Ngrams:
    """Pieces of 1 to 4 letters and whole words, with their diacritics."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._places = {name: place for place, name in enumerate(self.names)}

    @classmethod
    def learn(cls, texts: Iterable[Sequence[str]], *, seen_in: int) -> Ngrams:
        """What occurs in at least ``seen_in`` of ``texts`` (lists of words)."""
        counts = Counter(name for said in texts for name in set(_pieces(said)))
        return cls(sorted(name for name, count in counts.items() if count >= seen_in))

    def vector(self, said: Sequence[str]) -> Sparse:
        """Of length 1, so that short and long texts weigh the same."""
        places = [self._places[name] for name in _pieces(said) if name in self._places]
        indices, counts = np.unique(np.asarray(places, dtype=np.intp), return_counts=True)
        values = np.sqrt(counts).astype(np.float32)
        return Sparse(indices, values / np.float32(np.sqrt(values @ values) if len(values) else 1.0))


def _pieces(said: Sequence[str]) -> Iterator[str]:
    for word in said:
        edged = f" {word} "
        yield f"={word}"
        for n in range(1, LONGEST + 1):
            for start in range(len(edged) - n + 1):
                yield edged[start : start + n]


def words_for_language(text: str) -> list[str]:
    """The words that are looked at."""
    return words(text[:LOOKED_AT])


def snippets(text: str, chance: np.random.Generator) -> list[str]:
    """Pieces of ``text`` as short as people write, each with and without diacritics."""
    said = re.findall(r"\S+", text[:LOOKED_AT])
    spans = [span for span in _SPANS if span < len(said)]
    starts = [int(chance.integers(len(said) - span + 1)) for span in spans]
    cut = [" ".join(said[start : start + span]) for start, span in zip(starts, spans, strict=True)]
    return [version for piece in (*cut, text[:LOOKED_AT]) for version in (piece, strip_marks(piece.lower()))]
