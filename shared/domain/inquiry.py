"""One inbound message, normalised: whatever the channel, everything after ingest sees this."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.domain.value import Value


class Channel(StrEnum):
    """How the customer wrote."""

    EMAIL = "email"
    CHAT = "chat"
    VOICEMAIL = "voicemail"
    DESK = "desk"
    WEB = "web"
    API = "api"


class Automatic(StrEnum):
    """Who wrote: a person, or a machine of one of the kinds that open no work."""

    HUMAN = "human"
    OWN = "own"
    BOUNCE = "bounce"
    RECEIPT = "receipt"
    AUTO_REPLY = "auto_reply"
    MACHINE_MADE = "machine_made"

    @property
    def opens_work(self) -> bool:
        """Machine-made mail carries customers' words (contact forms), so it is routed as usual."""
        return self in {Automatic.HUMAN, Automatic.MACHINE_MADE}


class Sender(Value):
    """What the channel knows of the customer; every part may be missing."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    handle: str | None = None


class Attachment(Value):
    """A file inside the raw delivery; its bytes stay there."""

    filename: str
    content_type: str
    size: int


class Content(Value):
    """All of an inquiry that a door or a parser knows: everything but identity, time and order. See ``Inquiry``."""

    channel: Channel
    sender: Sender = Sender()
    recipient: str | None = None
    subject: str | None = None
    text: str
    context: str | None = None
    language_hint: str | None = None
    own_reference: str | None = None
    references: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    attributes: dict[str, Any] = Field(default_factory=dict)
    automatic: Automatic = Automatic.HUMAN
    unreadable: str | None = None
    text_altered: bool = False


class Inquiry(Content):
    """The normalised message.

    ``sequence`` is ingest's accept order and alone decides the order inside a conversation.
    ``key`` orders the log: records of one conversation share it. ``references`` are all thread names that this
    message answers (Message-IDs, a chat session, the caller's own thread id), ``own_reference`` the one it creates.
    ``context`` is the earlier text of a chat that no agent has accepted yet, for the classifier.
    ``unreadable`` says why only a part could be read; such an inquiry goes to triage.
    """

    id: UUID
    sequence: int
    caller: str
    received_at: AwareDatetime
    key: str
