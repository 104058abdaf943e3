"""Mails that say two things about themselves."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.case import Case, mail, typed

_TEXT = b"Where is my parcel?\r\n"
_PLAIN = b"text/plain; charset=utf-8"


def cases() -> Iterator[Case]:
    types = b"Content-Type: text/plain\r\nContent-Type: text/html\r\nContent-Type: multipart/mixed; boundary=x\r\n"
    yield Case("contradiction-types", "three Content-Types", mail("contradiction-types", extra=types))
    for word, encoding, body in (
        ("base64-plain", b"base64", _TEXT),
        ("base64-junk", b"base64", b"V2hl!!!!cmUgaXM=====\r\n\xff\xfe"),
        ("encoding-unknown", b"x-no-such-encoding", _TEXT),
        ("encoding-uuencode", b"x-uuencode", b"begin 644 ../../x\r\n#0V%T\r\n`\r\nend\r\n"),
        ("quoted-torn", b"quoted-printable", b"Where is my parcel=3\r\n=ZZ=\r\n="),
    ):
        name = f"contradiction-{word}"
        yield Case(
            name, f"the transfer encoding is not what it says: {word}", typed(name, _PLAIN, body, encoding=encoding)
        )
    page = b'<html><head><meta charset="utf-16"></head><body>Wo bleibt mein Paket? \xfcberf\xe4llig</body></html>'
    yield Case(
        "contradiction-meta",
        "charset against meta",
        typed("contradiction-meta", b"text/html; charset=utf-8", page, encoding=b"8bit"),
    )
    yield Case("contradiction-type", "no type at all", typed("contradiction-type", b"/;;=;", _TEXT))
    froms = b"From: a@customers.example, b@customers.example\r\nFrom: c@customers.example\r\n"
    yield Case("contradiction-senders", "three senders", mail("contradiction-senders", extra=froms))
