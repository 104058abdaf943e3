"""The sender's clock: it never sets a service level and never breaks the parser."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.case import Case, mail

_DATES = {
    "missing": None,
    "impossible": b"Mon, 31 Feb 2026 25:61:61 +0100",
    "1970": b"Thu, 01 Jan 1970 00:00:00 +0000",
    "9999": b"Fri, 31 Dec 9999 23:59:59 -1200",
    "year-0": b"Sat, 01 Jan 0000 00:00:00 +0000",
    "offset": b"Wed, 04 Mar 2026 09:14:02 +2400",
    "zero": b"0",
    "negative": b"-1",
    "digits": b"Wed, 04 Mar " + b"9" * 800 + b" 09:14:02 +0000",
}


def cases() -> Iterator[Case]:
    for word, value in _DATES.items():
        name = f"date-{word}"
        yield Case(name, f"Date: {word}", mail(name, headers={b"Date": value}))
