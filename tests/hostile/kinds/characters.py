"""Characters that PostgreSQL refuses and Python takes: NUL, lone surrogates, overlong and cut UTF-8."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator

from tests.hostile.case import Case, mail, typed

_UTF8 = b"text/plain; charset=utf-8"


def cases() -> Iterator[Case]:
    yield Case("nul-body", "NUL in the body", typed("nul-body", _UTF8, b"Where is\x00 my parcel?", encoding=b"8bit"))
    yield Case("nul-subject", "NUL in the subject", mail("nul-subject", headers={b"Subject": b"parcel\x00lost"}))
    word = b"=?utf-8?Q?parcel=00lost?="
    yield Case("nul-word", "NUL in an encoded word", mail("nul-word", headers={b"Subject": word}))
    quoted = b"Where is=00my parcel?=ED=A0=80"
    yield Case(
        "nul-quoted",
        "NUL and surrogate, quoted-printable",
        typed("nul-quoted", _UTF8, quoted, encoding=b"quoted-printable"),
    )
    coded = b64encode(b"Where is\x00 my parcel? \xed\xa0\x80")
    yield Case("nul-base64", "NUL and surrogate in base64", typed("nul-base64", _UTF8, coded, encoding=b"base64"))
    surrogate = b"=?utf-8?Q?lost_=ED=A0=80?="
    yield Case(
        "surrogate-word", "a lone surrogate in a subject", mail("surrogate-word", headers={b"Subject": surrogate})
    )
    overlong = b"\xc0\xaf\xe0\x80\xaf where is my parcel"
    yield Case("utf8-overlong", "overlong UTF-8", typed("utf8-overlong", _UTF8, overlong, encoding=b"8bit"))
    cut = "Kur ir mans sūtījums ž".encode()[:-1]
    yield Case("utf8-cut", "UTF-8 cut in a letter", typed("utf8-cut", _UTF8, cut, encoding=b"8bit"))
    half = b64encode("Where is my parcel?".encode("utf-16") + b"\x00\xd8")
    utf16 = b"text/plain; charset=utf-16"
    yield Case("utf16-half", "half a pair in UTF-16", typed("utf16-half", utf16, half, encoding=b"base64"))
