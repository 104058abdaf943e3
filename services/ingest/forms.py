"""Bodies of the HTTP doors: bounded, cleaned, and turned into drafts."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from services.ingest.channel import Draft
from shared.domain.inquiry import Attachment, Channel, Sender
from shared.http.types import CleanLine, CleanObject, CleanText, Request

_LARGEST_ATTRIBUTES = 16_384

Line = Annotated[CleanLine, Field(max_length=255)]
Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}$")]
Confidence = Annotated[float, Field(ge=0, le=1)]


def _bounded(attributes: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(attributes, ensure_ascii=False).encode()) > _LARGEST_ATTRIBUTES:
        raise ValueError("over 16 kB")
    return attributes


def _decodes(content: str) -> str:
    try:
        base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("not base64") from error
    return content


class SenderForm(Request):
    """The customer."""

    name: Line | None = None
    email: Annotated[CleanLine, Field(max_length=320)] | None = None
    phone: Annotated[CleanLine, Field(max_length=64)] | None = None
    handle: Line | None = None


class AttachmentForm(Request):
    """A file in the body."""

    filename: Line
    content_type: Line = "application/octet-stream"
    content_base64: Annotated[str, AfterValidator(_decodes)]

    def listed(self) -> Attachment:
        """What is told of it; the bytes stay in the raw body."""
        size = len(self.content_base64) * 3 // 4 - self.content_base64[-2:].count("=")
        return Attachment(filename=self.filename[-150:] or "attachment", content_type=self.content_type, size=size)


class NewInquiry(Request):
    """One inquiry by REST, from a web form, or written down at a desk."""

    text: CleanText
    subject: Annotated[CleanLine, Field(max_length=1_000)] | None = None
    channel: Literal["api", "web", "desk"] = "api"
    language: Language | None = None
    thread: Line | None = None
    sender: SenderForm | None = None
    attributes: Annotated[CleanObject, AfterValidator(_bounded)] | None = None
    attachments: Annotated[list[AttachmentForm], Field(max_length=100)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.text.strip() and not self.attachments:
            raise ValueError("neither text nor attachment")
        return self

    def draft(self, caller: str) -> Draft:
        """The draft; ``thread`` is the caller's own name, so it is kept apart from other callers'."""
        sender = Sender(**self.sender.model_dump()) if self.sender else Sender()
        thread = f"thread:{caller}:{self.thread}" if self.thread else None
        return Draft(
            channel=Channel(self.channel),
            key=thread or _contact_key(sender),
            sender=sender,
            subject=self.subject or None,
            text=self.text,
            language_hint=language_hint(self.language),
            references=(thread,) if thread else (),
            attachments=tuple(each.listed() for each in self.attachments or ()),
            attributes=self.attributes or {},
        )


class SegmentForm(Request):
    """A stretch of speech."""

    start: Annotated[float, Field(ge=0)]
    end: Annotated[float, Field(ge=0)]
    text: CleanText
    confidence: Confidence | None = None

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        if self.end < self.start:
            raise ValueError("ends before it starts")
        return self


class Voicemail(Request):
    """The transcript of a call; ``call_id`` makes a repeat the same."""

    call_id: Annotated[CleanLine, Field(min_length=1, max_length=255)]
    from_: Annotated[CleanLine, Field(max_length=64)] | None = Field(default=None, alias="from")
    to: Annotated[CleanLine, Field(max_length=64)] | None = None
    language: Language | None = None
    text: CleanText | None = None
    segments: Annotated[list[SegmentForm], Field(max_length=100_000)] | None = None
    confidence: Confidence | None = None
    duration: Annotated[float, Field(ge=0)] | None = None
    recording_url: Annotated[CleanLine, Field(max_length=2_000)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.words():
            raise ValueError("neither text nor segments")
        return self

    def words(self) -> str:
        """The transcript."""
        if self.text and self.text.strip():
            return self.text.strip()
        return " ".join(each.text.strip() for each in self.segments or () if each.text.strip())

    def draft(self) -> Draft:
        """The draft."""
        known = {"confidence": self.confidence, "duration": self.duration, "recording_url": self.recording_url}
        sender = Sender(phone=self.from_ or None)
        return Draft(
            channel=Channel.VOICEMAIL,
            key=_contact_key(sender),
            sender=sender,
            recipient=self.to or None,
            text=self.words(),
            language_hint=language_hint(self.language),
            attributes={name: value for name, value in known.items() if value is not None},
        )


def language_hint(tag: str | None) -> str | None:
    """``de-AT`` → ``de``."""
    return tag.partition("-")[0].lower() if tag else None


def _contact_key(sender: Sender) -> str | None:
    """One customer's inquiries stay in their order."""
    contact = sender.email or sender.phone or sender.handle
    return f"contact:{contact.lower()}" if contact else None
