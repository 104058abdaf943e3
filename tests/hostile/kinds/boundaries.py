"""Boundaries that are empty, endless, patterns, prefixes of each other, or never closed."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.case import Case, typed

_BOUNDARIES = {
    "empty": b"",
    "long": b"b" * 900,
    "pattern": b"(a+)+$[",
    "space": b"a b ",
    "specials": b"'()+_,-./:=?",
    "dashes": b"--",
    "header": b"Content-Type: text/plain",
}


def cases() -> Iterator[Case]:
    for word, boundary in _BOUNDARIES.items():
        name = f"boundary-{word}"
        body = b"--%b\r\nContent-Type: text/plain\r\n\r\nWhere is my parcel?\r\n--%b--\r\n" % (boundary, boundary)
        yield Case(name, f"boundary: {word}", typed(name, b'multipart/mixed; boundary="%b"' % boundary, body))
    open_end = b"--o\r\nContent-Type: text/plain\r\n\r\nWhere is my parcel?\r\n"
    yield Case("boundary-open", "never closed", typed("boundary-open", b"multipart/mixed; boundary=o", open_end))
    yield Case("boundary-none", "multipart without a boundary", typed("boundary-none", b"multipart/mixed", open_end))
    prefix = (
        b'--p\r\nContent-Type: multipart/alternative; boundary="pp"\r\n\r\n'
        b"--pp\r\n\r\nWhere is my parcel?\r\n--pp--\r\n--p--\r\n"
    )
    yield Case(
        "boundary-prefix", "a prefix of another", typed("boundary-prefix", b"multipart/mixed; boundary=p", prefix)
    )
