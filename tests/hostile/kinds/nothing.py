"""Nearly nothing, and line ends that are none."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.case import Case, mail


def cases() -> Iterator[Case]:
    yield Case("nothing-zero", "zero bytes", b"")
    yield Case("nothing-line-ends", "line ends only", b"\r\n\r\n\r\n")
    yield Case("nothing-headers", "a body without headers", b"\r\nWhere is my parcel? (no headers)\r\n")
    yield Case("nothing-body", "headers without a body", mail("nothing-body", body=b""))
    yield Case("nothing-no-colon", "a first line that is no header", b"hello there\r\nthis is no mail\r\n")
    yield Case("nothing-bare-lf", "bare LF", mail("nothing-bare-lf").replace(b"\r\n", b"\n"))
    yield Case("nothing-bare-cr", "bare CR", mail("nothing-bare-cr").replace(b"\r\n", b"\r"))
    yield Case("nothing-spaces", "100,000 spaces", mail("nothing-spaces", body=(b" " * 990 + b"\r\n") * 101))
    yield Case("nothing-binary", "random bytes", bytes(range(256)) * 8)
