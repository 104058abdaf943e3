"""Message-IDs that are missing, shared, doubled or no id at all: two mails are two, the same mail twice is one."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.case import Case, mail

_ID = b"Message-ID"


def cases() -> Iterator[Case]:
    for number in (1, 2):
        name = f"identity-shared-{number}"
        headers: dict[bytes, bytes | None] = {_ID: b"<shared@hostile.example>"}
        yield Case(
            name,
            "one Message-ID on two mails",
            mail(name, headers=headers, body=b"Text %d: where is my parcel?" % number),
        )
    values = {
        "missing": (None, "no Message-ID"),
        "empty": (b"<>", "an empty Message-ID: IndexError in the standard parser"),
        "two": (b"<a@hostile.example> <b@hostile.example>", "two ids in one header"),
        "long": (b"<" + b"\r\n ".join([b"a" * 900] * 10) + b"@hostile.example>", "9,000 characters"),
        "bare": (b"no-brackets@hostile.example", "no brackets"),
        "tab": (b"\t<tab\t@hostile.example>\t", "tabs inside"),
        "quote": (b"<'; DROP TABLE ingest.receipt; --@hostile.example>", "SQL"),
    }
    for word, (value, reason) in values.items():
        yield Case(f"identity-{word}", reason, mail(f"identity-{word}", headers={_ID: value}))
    own = b"<loop@hostile.example>"
    yield Case(
        "identity-own-parent",
        "answers itself",
        mail("identity-own-parent", headers={_ID: own, b"In-Reply-To": own, b"References": own}),
    )
