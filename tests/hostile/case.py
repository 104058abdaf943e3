"""What one hostile mail is, and how the plain part of it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

BODY = b"My parcel has still not arrived, please find out where it is."


@dataclass(frozen=True, slots=True)
class Case:
    """One mail. ``reason`` says what it breaks elsewhere; ``opens_work`` is false where nobody should be bothered."""

    id: str
    reason: str
    raw: bytes
    expected: Literal["accepted", "refused"] = "accepted"
    opens_work: bool = True


def mail(
    name: str,
    *,
    headers: Mapping[bytes, bytes | None] | None = None,
    extra: bytes = b"",
    body: bytes = BODY,
) -> bytes:
    """A mail named after its case; ``headers`` replaces a default header, or with ``None`` leaves it out."""
    fields: dict[bytes, bytes | None] = {
        b"From": b"customer@customers.example",
        b"To": b"info@shop.example",
        b"Subject": b"Hostile " + name.encode(),
        b"Message-ID": b"<" + name.encode() + b"@hostile.example>",
        b"Date": b"Wed, 04 Mar 2026 09:14:02 +0100",
    }
    fields |= headers or {}
    lines = [key + b": " + value for key, value in fields.items() if value is not None]
    return b"\r\n".join([*lines, b""]) + extra + b"\r\n" + body


def typed(name: str, content_type: bytes, body: bytes, *, encoding: bytes | None = None) -> bytes:
    """A mail with a body of ``content_type``."""
    headers: dict[bytes, bytes | None] = {b"MIME-Version": b"1.0", b"Content-Type": content_type}
    if encoding is not None:
        headers[b"Content-Transfer-Encoding"] = encoding
    return mail(name, headers=headers, body=body)
