"""A mail from any door as a delivery: its bytes, to be read later, and to whom it came."""

from __future__ import annotations

import hashlib

from services.ingest.channel import Delivery
from shared.domain.inquiry import Channel
from shared.text import clean, clean_line


def mail(*, door: str, raw: bytes, name: str, recipient: str | None = None, mail_from: str | None = None) -> Delivery:
    """``raw`` as it came by ``door``; ``name`` (a recipient, a file) and the bytes make it the same one again."""
    digest = hashlib.sha256(raw)
    return Delivery(
        caller=door,
        door=door,
        channel=Channel.EMAIL,
        native_id=clean(f"{digest.hexdigest()}:{name}"),
        raw=raw,
        content_type="message/rfc822",
        envelope={
            "recipient": clean_line(recipient)[:320] if recipient else None,
            "mail_from": clean_line(mail_from)[:320] if mail_from is not None else None,
        },
        body_hash=digest.digest(),
        shared_raw=True,
    )
