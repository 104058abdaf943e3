"""Facts on the event log, as CloudEvents 1.0 in binary mode: attributes are headers, the value is our JSON.

Streams: ``inquiries.received`` (ingest → classifier), ``inquiries.classified`` (classifier → router; also
ingest's word that a customer has left a chat),
``routing.events`` (router → ingest and the outside), ``replies.requested`` (router → ingest).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from pydantic import AwareDatetime, ValidationError

from shared.domain.classification import Classification
from shared.domain.inquiry import Inquiry
from shared.domain.value import Value
from shared.errors import Undecodable
from shared.jsontext import dump, load

RECEIVED = "inquiries.received"
CLASSIFIED = "inquiries.classified"
ROUTING = "routing.events"
REPLIES = "replies.requested"
STREAMS = (RECEIVED, CLASSIFIED, ROUTING, REPLIES)

T = TypeVar("T", bound=Value)


def event_type(name: str) -> str:
    """``offer.made`` → ``inquiryrouter.offer.made.v1``."""
    return f"inquiryrouter.{name}.v1"


@dataclass(frozen=True, slots=True)
class CloudEvent:
    """One fact. ``id`` is stable over repeats: consumers dedupe by it. ``key`` orders it among its own kind."""

    id: str
    type: str
    source: str
    subject: str
    key: str
    time: datetime
    data: Mapping[str, Any]
    extensions: Mapping[str, str] = field(default_factory=dict)

    def headers(self) -> dict[str, str]:
        """The binary-mode attributes; ``extensions`` (traceparent, sequence, …) travel as they are named."""
        own = {
            "ce_specversion": "1.0",
            "ce_id": self.id,
            "ce_type": self.type,
            "ce_source": self.source,
            "ce_subject": self.subject,
            "ce_time": self.time.isoformat(),
            "content-type": "application/json",
        }
        return own | dict(self.extensions)

    def value(self) -> bytes:
        """The JSON body."""
        return dump(self.data)


def decode(key: str, headers: Mapping[str, str], value: bytes) -> CloudEvent:
    """Read a record's parts back into an event.

    Raises:
        Undecodable: an attribute is missing, the time is no time, or the value is not a JSON object.
    """
    try:
        data = load(value)
        if not isinstance(data, dict):
            raise Undecodable("the value is not a JSON object")
        return CloudEvent(
            id=headers["ce_id"],
            type=headers["ce_type"],
            source=headers["ce_source"],
            subject=headers["ce_subject"],
            key=key,
            time=datetime.fromisoformat(headers["ce_time"]),
            data=data,
            extensions={k: v for k, v in headers.items() if not k.startswith("ce_") and k != "content-type"},
        )
    except (KeyError, ValueError) as error:
        raise Undecodable(f"not a CloudEvent of ours: {error!r}") from error


class InquiryReceived(Value):
    """Body of ``inquiry.received``."""

    inquiry: Inquiry


class InquiryClassified(Value):
    """Body of ``inquiry.classified``: the inquiry travels on, so that the router needs no other source."""

    inquiry: Inquiry
    classification: Classification


class ChatEnded(Value):
    """Body of ``chat.ended``: the customer has left the chat; everything they wrote before is with the router."""

    session: str
    at: AwareDatetime


class ReplyRequested(Value):
    """Body of ``reply.requested``: an agent's words on their way to the customer."""

    id: str
    conversation_id: str
    session: str
    agent_name: str
    text: str
    ended: bool = False


def body(event: CloudEvent, model: type[T], name: str) -> T:
    """The typed body of ``event``, which must be of type ``name``.

    Raises:
        Undecodable: another type or version, or fields that do not fit.
    """
    if event.type != event_type(name):
        raise Undecodable(f"unknown event type {event.type!r}, expected {event_type(name)!r}")
    try:
        return model.model_validate(event.data)
    except ValidationError as error:
        raise Undecodable(f"{event.type} does not fit: {error.error_count()} faults") from error
