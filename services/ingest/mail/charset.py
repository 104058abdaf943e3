"""Bytes to text: what is declared if it holds, else UTF-8, else the old code page whose letters make sense.

Bytes that are UTF-8 beyond ASCII are UTF-8 whatever a single-byte label says: nobody writes "Ã¶" on purpose.
Nothing raises; what cannot be read becomes U+FFFD, and the caller is told.
"""

from __future__ import annotations

import codecs
import re

_SINGLE_BYTE = frozenset({
    "ascii", "iso8859-1", "iso8859-2", "iso8859-3", "iso8859-4", "iso8859-5", "iso8859-7", "iso8859-9", "iso8859-10",
    "iso8859-13", "iso8859-14", "iso8859-15", "iso8859-16", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1257",
    "cp437", "cp850", "cp852", "cp865", "cp775", "koi8-r", "koi8-u", "mac-roman",
})  # fmt: skip
_OTHERS = frozenset({
    "utf-8", "utf-16", "utf-16-le", "utf-16-be", "gb2312", "gbk", "gb18030", "big5", "shift_jis", "euc_jp",
    "iso2022_jp", "euc_kr",
})  # fmt: skip
_WIDER = {"ascii": "cp1252", "iso8859-1": "cp1252"}
"""What senders mean when they say these, as in browsers."""

_LETTERS = {
    "cp1252": "äöüßÄÖÜåÅæÆøØéèêàáóíúñç§°€’‘“”„–—…«»·´½",
    "cp1257": "āčēģīķļņšūžĀČĒĢĪĶĻŅŠŪŽ€’‘“”„–—…«»",
    "cp1250": "ąćęłńóśźżĄĆĘŁŃÓŚŹŻ€’‘“”„–—…«»°§",
    "iso8859-2": "ąćęłńóśźżĄĆĘŁŃÓŚŹŻ",
}
_CONTROLS = re.compile("[\x00\x80-\x9f]")
_DOUBLY_ENCODED = re.compile("[ÂÃÄÅ][\u0080-\u00bf‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]")


def decode(data: bytes, declared: str | None) -> tuple[str, bool]:
    """The text of ``data``, and whether something in it could not be read."""
    name = known(declared)
    for candidate in _candidates(data, name):
        try:
            return _repaired(data.decode(candidate)), False
        except (UnicodeError, ValueError):
            continue
    guess = _most_sensible(data)
    if guess is not None:
        return data.decode(guess, "replace"), False
    return data.decode(name or "utf-8", errors="replace"), True


def known(declared: str | None) -> str | None:
    """The codec for a declared charset, if it is one that mail is written in (many codecs are not)."""
    if not declared:
        return None
    try:
        name = codecs.lookup(declared.strip(" \t\"'").lower()).name
    except (LookupError, ValueError):
        return None
    if name not in _SINGLE_BYTE and name not in _OTHERS:
        return None
    return _WIDER.get(name, name)


def _candidates(data: bytes, name: str | None) -> list[str]:
    if name is None:
        return ["utf-8"]
    if name in _SINGLE_BYTE and not data.isascii():
        return ["utf-8", name]
    return [name, "utf-8"]


def _most_sensible(data: bytes) -> str | None:
    """The code page in which most of the letters beyond ASCII belong to one of our languages, if one fits at all."""
    scores = {name: _score(data, name) for name in _LETTERS}
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] > float("-inf") else None


def _score(data: bytes, name: str) -> float:
    try:
        text = data[:20_000].decode(name)
    except UnicodeError:
        return float("-inf")
    if _CONTROLS.search(text):
        return float("-inf")
    letters = _LETTERS[name]
    return sum(1 if char in letters else -1 for char in text if not char.isascii())


def _repaired(text: str) -> str:
    """``text`` without one layer of UTF-8 that was taken for Windows-1252, if that is what happened to all of it."""
    if not _DOUBLY_ENCODED.search(text):
        return text
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return text
