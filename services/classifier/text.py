"""Spelling made equal, so that one word is one feature however it was typed. Pure."""

from __future__ import annotations

import re
import unicodedata

_LETTERS = {"ł": "l", "ø": "o", "æ": "a", "œ": "o", "ß": "ss", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
_DIGRAPHS = (("aa", "a"), ("ae", "a"), ("oe", "o"), ("ue", "u"))
"""How people write å ä ö ü æ ø on a foreign keyboard; collapsed in every language, so both spellings agree."""


def _without_marks(letter: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(c))


_FOLD = {ord(c): _LETTERS.get(c) or _without_marks(c) for c in map(chr, (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)))}
_NOISE = re.compile(r"[^\s@]{1,64}@[^\s@]{3,255}|https?://\S+|www\.\S+")
_NUMBER = re.compile(r"\d+(?:[.,:/\-]\d+)*")
_TOKEN = re.compile(r"[^\W\d_]+|[0€£$!?]")
_WORD = re.compile(r"[^\W\d_]+")


def lower(text: str) -> str:
    """Lower case, composed letters."""
    return unicodedata.normalize("NFC", text).lower()


def strip_marks(text: str) -> str:
    """Lower-case ``text`` as typed on a keyboard without diacritics."""
    return text.translate(_FOLD)


def fold(text: str) -> str:
    """Lower case without diacritics; ``für``, ``fuer`` and ``fur`` become one."""
    folded = lower(text).translate(_FOLD)
    for pair, single in _DIGRAPHS:
        folded = folded.replace(pair, single)
    return folded


def tokens(text: str) -> list[str]:
    """Folded words, with every number as ``0`` and the marks that carry meaning; addresses are left out."""
    return _TOKEN.findall(_NUMBER.sub("0", _NOISE.sub(" ", fold(text))))


def words(text: str) -> list[str]:
    """The words of ``text`` in lower case with their diacritics, without numbers and addresses."""
    return _WORD.findall(_NOISE.sub(" ", lower(text)))
