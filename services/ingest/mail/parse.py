"""Bytes of a mail to the fields of a draft, as JSON. Runs in a child that can be killed: nothing here is trusted to end.

The structure is read with the standard parser's ``compat32`` policy. Its modern policy parses every header on access,
in time quadratic to its length, and raised on every tenth hostile sample where ``compat32`` raised on none; headers
that matter are read by ``headers``, which is linear. What even so cannot be parsed is read as headers and some text.
"""

from __future__ import annotations

import email
import re
from email.policy import compat32
from typing import Any

from services.ingest.mail import automatic, body, charset, headers, limits, threads
from shared.text import clean

_SOME_TEXT = 65_536
_TEXT_PART = re.compile(rb"content-type:\s*text/plain[^\r\n]*", re.IGNORECASE)
_LANGUAGE = re.compile(r"[a-z]{2}(?=$|[-,; ])")

Fields = dict[str, Any]


def whole(raw: bytes, *, null_sender: bool) -> Fields:
    """Everything of ``raw``.

    Raises:
        body.TooMuch: a structure over the limits.
        Exception: whatever the parser makes of it; the caller falls back to ``outline``.
    """
    if reason := limits.too_much(raw):
        raise body.TooMuch(reason)
    trimmed, cut = limits.trim(raw)
    message = email.message_from_bytes(trimmed, policy=compat32)
    found = body.read(message)
    report_type = message.get_param("report-type")
    fields = _from_headers(
        headers.read(raw),
        content_type=message.get_content_type(),
        report_type=str(report_type).lower() if report_type else None,
        null_sender=null_sender,
    )
    return fields | {
        "text": found.text,
        "attachments": found.attachments,
        "text_altered": found.altered or cut,
    }


def outline(raw: bytes, *, null_sender: bool) -> Fields:
    """The headers of ``raw`` and the first text in it, without parsing its structure."""
    fields = _from_headers(headers.read(raw), content_type="", report_type=None, null_sender=null_sender)
    return fields | {"text": some_text(raw), "attachments": [], "text_altered": True}


def some_text(raw: bytes) -> str:
    """What looks like the text of ``raw``: its first plain part, else what follows the headers, at most 64 kB."""
    _, rest = limits.split(raw)
    start = _TEXT_PART.search(rest[:_SOME_TEXT])
    if start is not None:
        rest = limits.split(rest[start.start() :])[1].partition(b"\n--")[0]
    text, _ = charset.decode(rest[:_SOME_TEXT], None)
    return clean(text).strip()


def _from_headers(
    found: dict[str, list[str]], *, content_type: str, report_type: str | None, null_sender: bool
) -> Fields:
    def first(name: str) -> str | None:
        return next(iter(found.get(name, ())), None)

    sender = headers.address(first("from") or first("sender") or first("reply-to"))
    place = threads.thread(*(_ascii(first(name)) for name in ("message-id", "in-reply-to", "references")))
    subject = headers.line(first("subject"), longest=headers.LONGEST_SUBJECT)
    to = headers.address(first("delivered-to") or first("x-original-to") or first("to"))
    return {
        "sender": {"name": sender.name, "email": sender.email},
        "recipient": to.email,
        "subject": subject,
        "language_hint": _language(first("content-language")),
        "own_reference": place.own,
        "references": place.references,
        "root": place.root,
        "automatic": automatic.kind(
            found, subject=subject or "", content_type=content_type, report_type=report_type, null_sender=null_sender
        ),
    }


def _ascii(value: str | None) -> str | None:
    """Message-IDs are compared by their letters; whatever else is in one is replaced alike each time."""
    return clean(value).encode("ascii", "backslashreplace").decode("ascii") if value else None


def _language(value: str | None) -> str | None:
    found = _LANGUAGE.match(value.strip().lower()) if value else None
    return found[0] if found else None
