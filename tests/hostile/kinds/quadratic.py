"""Short headers that take the standard parser minutes, because it looks at every rest again."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.case import Case, mail, typed


def cases() -> Iterator[Case]:
    yield _typed("quadratic-semicolons", "20 kB of semicolons: over 20 s", b"text/plain" + _wrapped(b";", 20_000))
    yield _header("quadratic-dots", "60 kB of dots in From: over 12 s", b"From", _wrapped(b".", 60_000))
    comments = b"(" * 2_000 + b")" * 2_000
    yield _header("quadratic-comments", "2,000 nested comments", b"From", _broken(comments) + b" a@b.example")
    words = b"\r\n ".join([b"=?utf-8?B?xIHFvg==?="] * 3_000)
    yield _header("quadratic-encoded-words", "3,000 encoded words in From", b"From", words + b" <a@b.example>")
    continuations = b";\r\n ".join(b"name*%d=x" % n for n in range(3_000))
    yield _typed("quadratic-continuations", "3,000 continuations of one parameter", b"text/plain;\r\n " + continuations)
    yield _header("quadratic-open-quote", "a quoted string that never ends", b"From", b'"' + _wrapped(b"a\\", 20_000))
    yield _header("quadratic-groups", "an address group of 20,000 commas", b"To", b"group:" + _wrapped(b",", 20_000))


def _typed(name: str, reason: str, content_type: bytes) -> Case:
    return Case(name, reason, typed(name, content_type, b"Where is my parcel?\r\n"))


def _header(name: str, reason: str, header: bytes, value: bytes) -> Case:
    return Case(name, reason, mail(name, headers={header: value}))


def _wrapped(piece: bytes, count: int) -> bytes:
    return _broken(piece * (count // len(piece)))


def _broken(text: bytes) -> bytes:
    return b"\r\n ".join(text[at : at + 900] for at in range(0, len(text), 900))
