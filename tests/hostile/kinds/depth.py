"""Parts within parts: recursive parsers end in RecursionError, iterative ones in minutes."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.case import Case, mail, typed


def cases() -> Iterator[Case]:
    for depth in (20, 50, 51, 100, 1_000, 5_000):
        name = f"depth-multipart-{depth}"
        yield Case(name, f"{depth} multiparts in each other", _multiparts(name, depth))
    for depth in (50, 51, 500, 3_000):
        name = f"depth-message-{depth}"
        yield Case(name, f"{depth} forwarded mails in each other", _forwarded(name, depth))


def _multiparts(name: str, depth: int) -> bytes:
    opened = [b'--b%d\r\nContent-Type: multipart/mixed; boundary="b%d"\r\n\r\n' % (n, n + 1) for n in range(depth)]
    inner = b"--b%d\r\nContent-Type: text/plain\r\n\r\nWhere is my parcel?\r\n" % depth
    closed = [b"--b%d--\r\n" % n for n in range(depth, -1, -1)]
    return typed(name, b'multipart/mixed; boundary="b0"', b"".join([*opened, inner, *closed]))


def _forwarded(name: str, depth: int) -> bytes:
    body = b"Content-Type: message/rfc822\r\n\r\n" * (depth - 1) + b"Subject: innermost\r\n\r\nWhere is my parcel?\r\n"
    return mail(name, headers={b"Content-Type": b"message/rfc822"}, body=body)
