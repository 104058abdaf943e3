"""How much of a mail is looked at, decided on the raw bytes, before any parser sees them.

Parsers of mail are quadratic in places and recursive in others. Over-long headers are cut for parsing (the kept bytes
stay whole); a structure that nobody writes by hand is told by name, and only the headers and a little text are read.
"""

from __future__ import annotations

import re

LARGEST_MAIL = 26_214_400
HEADER_BLOCK = 65_536
HEADER = 8_192
CONTENT_HEADER = 2_048
MOST_BOUNDARIES = 50
MOST_DELIMITERS = 1_000
DEEPEST = 50
MOST_PARTS = 500
LONGEST_TEXT = 200_000
LARGEST_HTML = 1_000_000
DEEPEST_HTML = 500
MOST_ATTACHMENTS = 200

_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n|\r\r")
_DELIMITER = re.compile(rb"^--", re.MULTILINE)
_BOUNDARY = re.compile(rb"boundary=", re.IGNORECASE)
_LINE_END = re.compile(rb"\r\n|\n|\r")


def too_much(raw: bytes) -> str | None:
    """Why the structure of ``raw`` is not to be parsed, or ``None``."""
    if len(_BOUNDARY.findall(raw)) > MOST_BOUNDARIES:
        return "too-many-boundaries"
    if len(_DELIMITER.findall(raw)) > MOST_DELIMITERS:
        return "too-many-parts"
    return None


def split(raw: bytes) -> tuple[bytes, bytes]:
    """The header block, and what comes after the blank line."""
    if raw[:1] in {b"\r", b"\n"}:
        return b"", raw.lstrip(b"\r\n")
    found = _END_OF_HEADERS.search(raw)
    if found is None:
        return raw, b""
    return raw[: found.start()], raw[found.end() :]


def trim(raw: bytes) -> tuple[bytes, bool]:
    """``raw`` with its header block and each header cut to their limits, and whether anything was cut."""
    head, body = split(raw)
    kept = head[:HEADER_BLOCK]
    lines = [_cut(line) for line in _unfolded(kept)]
    trimmed = b"\r\n".join(lines)
    return trimmed + b"\r\n\r\n" + body, len(kept) < len(head) or any(len(line) > HEADER for line in _unfolded(kept))


def headers(raw: bytes) -> list[bytes]:
    """The header lines, unfolded and cut to their limits."""
    return [_cut(line) for line in _unfolded(split(raw)[0][:HEADER_BLOCK])]


def _unfolded(head: bytes) -> list[bytes]:
    lines: list[list[bytes]] = []
    for line in _LINE_END.split(head):
        if line[:1] in {b" ", b"\t"} and lines:
            lines[-1].append(line)
        elif line:
            lines.append([line])
    return [b"".join(parts) for parts in lines]


def _cut(line: bytes) -> bytes:
    return line[: CONTENT_HEADER if line[:8].lower() == b"content-" else HEADER]
