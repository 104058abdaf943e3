"""Too much of everything: parts, headers, recipients, references, and subjects without end."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.case import Case, mail, typed

_LINE = 900


def cases() -> Iterator[Case]:
    for count in (500, 501, 10_000):
        name = f"amount-parts-{count}"
        yield Case(name, f"{count} parts", typed(name, b'multipart/mixed; boundary="x"', _parts(count)))
    yield _with("amount-headers", "20,000 headers", extra=b"".join(b"X-N%d: value\r\n" % n for n in range(20_000)))
    yield _with("amount-block-64k", "a header block of 64 kB", extra=_folded(b"X-Long", 65_536))
    yield _with("amount-block-64k-and-more", "a header block a byte over 64 kB", extra=_folded(b"X-Long", 65_537))
    recipients = b",\r\n ".join(b"r%d@shop.example" % n for n in range(5_000))
    yield _with("amount-recipients", "5,000 recipients: 3 s in the standard parser", headers={b"To": recipients})
    references = b"\r\n ".join(b"<r%d@customers.example>" % n for n in range(5_000))
    yield _with("amount-references", "5,000 references", extra=b"References: " + references + b"\r\n")
    yield from _endless_subjects()
    yield _with("amount-subject-one-line", "a subject of 1 MB in one line", headers={b"Subject": b"s" * 1_000_000})
    one_line = mail("amount-body-one-line", body=b"Where is my parcel? " * 100_000)
    yield Case("amount-body-one-line", "2 MB of text in one line", one_line)
    yield Case("amount-over-size", "over the announced SIZE of 25 MB", _over_size(), expected="refused")


def _endless_subjects() -> Iterator[Case]:
    for count in (10_000, 100_000, 1_000_000):
        subject = _folded(b"Subject", count).removeprefix(b"Subject: ").removesuffix(b"\r\n")
        name = f"amount-subject-{count}"
        yield _with(
            name, f"a folded subject of {count} characters: 20 s in the standard parser", headers={b"Subject": subject}
        )
    words = b"\r\n ".join(b"=?utf-8?Q?=C4=81=C5=BE_%d?=" % n for n in range(20_000))
    yield _with("amount-subject-words", "a subject of 20,000 encoded words", headers={b"Subject": words})


def _with(name: str, reason: str, *, headers: dict[bytes, bytes | None] | None = None, extra: bytes = b"") -> Case:
    return Case(name, reason, mail(name, headers=headers, extra=extra))


def _folded(header: bytes, count: int) -> bytes:
    text = b"a" * count
    return header + b": " + b"\r\n ".join(text[at : at + _LINE] for at in range(0, count, _LINE)) + b"\r\n"


def _parts(count: int) -> bytes:
    part = b"--x\r\nContent-Type: text/plain\r\n\r\nWhere is my parcel?\r\n"
    return part * count + b"--x--\r\n"


def _over_size() -> bytes:
    return mail("amount-over-size", body=(b"x" * 998 + b"\r\n") * 26_300)
