"""The parts of a mail: which text stands for it, and which files hang on it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.message import Message

from services.ingest.mail import charset, headers, html
from services.ingest.mail.limits import DEEPEST, LONGEST_TEXT, MOST_ATTACHMENTS, MOST_PARTS
from shared.text import clean, clean_line

_STUB = 80
"""Characters; a plain part as short as this beside a far longer HTML part only says "view in HTML"."""
_META_CHARSET = re.compile(rb"<meta[^<>]{0,200}charset=[\"']?([A-Za-z0-9_-]{1,40})", re.IGNORECASE)


class TooMuch(Exception):
    """The structure goes over a limit; the message is the reason's code."""


@dataclass(slots=True)
class Body:
    """What was found; ``altered`` when something could not be read or was cut."""

    text: str = ""
    attachments: list[dict[str, str | int]] = field(default_factory=list)
    altered: bool = False
    parts: int = 0


def read(message: Message) -> Body:
    """The text and files of ``message``.

    Raises:
        TooMuch: more parts or deeper than anybody writes.
    """
    body = Body()
    text = clean(_text(message, body, 0)).strip()
    body.text = text[:LONGEST_TEXT]
    body.altered |= len(text) > LONGEST_TEXT
    return body


def _text(part: Message, body: Body, depth: int) -> str:
    body.parts += 1
    if depth > DEEPEST:
        raise TooMuch("too-deep")
    if body.parts > MOST_PARTS:
        raise TooMuch("too-many-parts")
    kind = part.get_content_type()
    if part.is_multipart() and kind != "message/rfc822":
        children = part.get_payload()
        texts = [(child, _text(child, body, depth + 1)) for child in children if isinstance(child, Message)]
        return _best(texts) if kind == "multipart/alternative" else _joined(texts)
    without_boundary = kind.startswith("multipart/")  # its parts cannot be told apart: show it as it is
    if without_boundary or (kind in {"text/plain", "text/html"} and not _is_file(part)):
        return _decoded(part, body, is_html=kind == "text/html")
    _attach(part, body, kind)
    return ""


def _joined(texts: list[tuple[Message, str]]) -> str:
    return "\n\n".join(text for _, text in texts if text.strip())


def _best(texts: list[tuple[Message, str]]) -> str:
    plain = next((text for part, text in texts if part.get_content_type() == "text/plain"), "").strip()
    other = next((text for part, text in texts if part.get_content_type() != "text/plain" and text.strip()), "")
    if not plain or (len(plain) <= _STUB and len(other) > 3 * len(plain) and "html" in plain.lower()):
        return other or plain
    return plain


def _decoded(part: Message, body: Body, *, is_html: bool) -> str:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    declared = _parameter(part, "charset")
    if is_html and charset.known(declared) is None and (found := _META_CHARSET.search(data[:2_000])):
        declared = found[1].decode("ascii")
    text, altered = charset.decode(data, declared)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if is_html:
        text, cut = html.to_text(text)
        altered |= cut
    body.altered |= altered
    return text


def _is_file(part: Message) -> bool:
    disposition = str(part.get("content-disposition", "")).strip().lower()
    return disposition.startswith("attachment") or _file_name(part) is not None


def _file_name(part: Message) -> str | None:
    for header, parameter in (("content-disposition", "filename"), ("content-type", "name")):
        if value := _parameter(part, parameter, header=header):
            return value
    return None


def _parameter(part: Message, name: str, *, header: str = "content-type") -> str | None:
    value = part.get_param(name, header=header)
    if isinstance(value, tuple):  # RFC 2231: charset, language, percent-decoded Latin-1
        return charset.decode(value[2].encode("latin-1", "replace"), value[0])[0]
    return str(value) if value else None


def _attach(part: Message, body: Body, kind: str) -> None:
    if len(body.attachments) >= MOST_ATTACHMENTS:
        body.altered = True
        return
    name = headers.words(_file_name(part) or "")
    if kind == "message/rfc822" and not name:
        name = f"{headers.words(_inner_subject(part)) or 'message'}.eml"
    safe = re.sub(r"[/\\<>:|?*\u202a-\u202e\u2066-\u2069]", "_", clean_line(name)).lstrip(".")[-150:]
    body.attachments.append(
        {"filename": safe or "attachment", "content_type": clean_line(kind)[:100], "size": _size(part)}
    )


def _inner_subject(part: Message) -> str:
    children = part.get_payload()
    inner = children[0] if isinstance(children, list) and children else None
    return str(inner.get("subject", "")) if isinstance(inner, Message) else ""


def _size(part: Message) -> int:
    """Bytes after decoding, reckoned rather than decoded."""
    payload = part.get_payload()
    if not isinstance(payload, str):
        return 0
    if str(part.get("content-transfer-encoding", "")).strip().lower() == "base64":
        letters = len(payload) - payload.count("\n") - payload.count("\r")
        return max(0, letters * 3 // 4 - payload[-4:].count("="))
    return len(payload)
