"""Header values to words: encoded words, raw 8-bit, addresses. Linear in length, and never raises."""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from dataclasses import dataclass

from services.ingest.mail import charset, limits
from shared.text import clean_line

_ENCODED_WORD = re.compile(r"=\?([^?*\s]{1,60})(?:\*[^?\s]{0,20})?\?([bBqQ])\?([^?\s]*)\?=")
_IN_BRACKETS = re.compile(r"<([^<>]*)>")
_SEPARATORS = re.compile(r"[\s<>,;\"()\[\]]+")
_LONGEST_ADDRESS = 320
_LONGEST_NAME = 200
LONGEST_SUBJECT = 1_000


@dataclass(frozen=True, slots=True)
class Address:
    """A person as a mail names one."""

    name: str | None
    email: str | None


def read(raw: bytes) -> dict[str, list[str]]:
    """Every header of ``raw`` by its lower-case name: values not decoded yet, 8-bit bytes read by sense."""
    found: dict[str, list[str]] = {}
    for line in limits.headers(raw):
        name, colon, value = line.partition(b":")
        if colon and name.strip().isascii():
            text, _ = charset.decode(value.strip(), None)
            found.setdefault(name.strip().decode("ascii").lower(), []).append(text)
    return found


def words(value: str) -> str:
    """``value`` with its encoded words decoded; neighbours of one charset are joined first, as they may share a letter."""
    out: list[str] = []
    run: tuple[str, bytes] | None = None
    end = 0
    for found in _ENCODED_WORD.finditer(value):
        between = value[end : found.start()]
        if between.strip() or run is None or run[0] != found[1].lower():
            out.append(_text(run))
            out.append(between if run is None or between.strip() else "")
            run = (found[1].lower(), b"")
        run = (run[0], run[1] + _bytes(found[2], found[3]))
        end = found.end()
    out.extend((_text(run), value[end:]))
    return "".join(out)


def line(value: str | None, *, longest: int) -> str | None:
    """One clean line of at most ``longest`` characters, or ``None`` for nothing."""
    return clean_line(words(value))[:longest] or None if value else None


def address(value: str | None) -> Address:
    """The first address of ``value``. It is found before decoding, so that no encoded word can smuggle one in."""
    if not value:
        return Address(None, None)
    bracketed = next((found for found in _IN_BRACKETS.finditer(value) if "@" in found[1]), None)
    if bracketed is not None:
        email = _SEPARATORS.sub("", bracketed[1])
        name = value[: bracketed.start()]
    else:
        email = next((part for part in _SEPARATORS.split(value) if "@" in part.strip("@")), "")
        name = "" if email else value
    shown = line(name.replace('\\"', "").replace('"', ""), longest=_LONGEST_NAME)
    return Address(shown, clean_line(email)[:_LONGEST_ADDRESS] or None)


def _text(run: tuple[str, bytes] | None) -> str:
    return charset.decode(run[1], run[0])[0] if run else ""


def _bytes(encoding: str, text: str) -> bytes:
    raw = text.encode("utf-8", "surrogateescape")
    if encoding in "qQ":
        return quopri.decodestring(raw, header=True)
    try:
        return base64.b64decode(raw + b"=" * (-len(raw) % 4))
    except (binascii.Error, ValueError):
        return raw
