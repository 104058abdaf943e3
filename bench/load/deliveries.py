"""What customers hand in: the bytes, and the key under which the same thing can be handed in again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256
from uuid import uuid4

RECIPIENT = "info@shop.example"


@dataclass(slots=True)
class Session:
    """A customer's side of a chat; the token is known once the product has begun it."""

    token: str | None = None
    last_seq: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """``raw`` is handed in at ``door``; ``seq`` is its place in the sender's conversation ``conv``, if there is one."""

    door: str
    raw: bytes
    key: str = field(default_factory=lambda: uuid4().hex)
    conv: str | None = None
    seq: int = 0
    session: Session | None = None

    @property
    def sha256(self) -> str:
        return sha256(self.raw).hexdigest()


def rest(text: str, *, conv: str | None = None, seq: int = 0) -> Delivery:
    """A program's inquiry."""
    return Delivery("rest", json.dumps({"text": text, "thread": conv}).encode(), conv=conv, seq=seq)


def voicemail(text: str) -> Delivery:
    """A transcript; the key is the call's."""
    key = uuid4().hex
    return Delivery("voicemail", json.dumps({"call_id": key, "from": "+37120000000", "text": text}).encode(), key)


def lmtp(text: str) -> Delivery:
    """A mail from somebody new."""
    mail = EmailMessage()
    mail["From"] = f"{uuid4().hex[:6]}@customers.example"
    mail["To"] = RECIPIENT
    mail["Subject"] = text[:40]
    mail["Message-ID"] = f"<{uuid4()}@customers.example>"
    mail.set_content(text)
    return Delivery("lmtp", mail.as_bytes(policy=SMTP))


def chat(text: str, *, session: Session | None = None, conv: str | None = None, seq: int = 0) -> Delivery:
    """A line in a chat, in a new one unless ``session`` is going on."""
    return Delivery("chat", text.encode(), conv=conv, seq=seq, session=session or Session())


DOORS: dict[str, Callable[[str], Delivery]] = {"rest": rest, "lmtp": lmtp, "voicemail": voicemail, "chat": chat}
