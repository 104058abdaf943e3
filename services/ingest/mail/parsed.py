"""What the parser's child may say of a mail, checked and bounded; strings come in clean."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from services.ingest.channel import Draft
from shared.domain.inquiry import Attachment, Automatic, Channel, Sender
from shared.domain.value import Value
from shared.text import clean_line


def _line(value: object) -> object:
    return clean_line(value) or None if isinstance(value, str) else value


Line = Annotated[Annotated[str, Field(max_length=1_000)] | None, BeforeValidator(_line)]
Reference = Annotated[str, BeforeValidator(_line), Field(min_length=1, max_length=300)]


class Parsed(Value):
    """A mail as far as it could be read."""

    sender: Sender = Sender()
    recipient: Line = None
    subject: Line = None
    text: Annotated[str, Field(max_length=200_000)] = ""
    language_hint: Line = None
    own_reference: Reference | None = None
    references: tuple[Reference, ...] = Field(default=(), max_length=200)
    root: Reference | None = None
    attachments: tuple[Attachment, ...] = Field(default=(), max_length=200)
    automatic: Automatic = Automatic.HUMAN
    unreadable: Line = None
    text_altered: bool = False

    def draft(self, *, recipient: str | None) -> Draft:
        """The draft of the mail that came to ``recipient``; ordered by the thread's first message."""
        fields = {name: getattr(self, name) for name in Parsed.model_fields if name not in {"root", "recipient"}}
        return Draft(channel=Channel.EMAIL, key=self.root, recipient=recipient or self.recipient, **fields)
