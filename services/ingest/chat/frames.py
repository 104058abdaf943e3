"""The frames of the chat protocol: what a client may say, and how our answers are written."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError, model_validator

from services.ingest.forms import Language
from services.ingest.store.chat import PlacedLine
from shared.http.types import CleanLine, CleanText, Request, timestamp

LARGEST_FRAME = 16_384
"""Bytes of a client's frame."""


class Start(Request):
    """A new session."""

    type: Literal["start"]
    name: Annotated[CleanLine, Field(max_length=100)] | None = None
    language: Language | None = None


def _short_id(value: object) -> object:
    return str(value) if isinstance(value, int) else value


class Send(Request):
    """A message of the customer; ``client_id`` makes a repeat the same."""

    type: Literal["send"]
    client_id: Annotated[CleanLine, BeforeValidator(_short_id), Field(min_length=1, max_length=100)]
    text: CleanText

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.text.strip():
            raise ValueError("empty")
        return self


class Resume(Request):
    """An old session on a new socket."""

    type: Literal["resume"]
    token: Annotated[str, Field(max_length=1_000)]
    last_seq: Annotated[int, Field(ge=0, le=2**53)] = 0


class Typing(Request):
    """The customer is typing."""

    type: Literal["typing"]


class End(Request):
    """The customer has finished."""

    type: Literal["end"]


Frame = Start | Send | Resume | Typing | End
_READER: TypeAdapter[Frame] = TypeAdapter(Annotated[Frame, Field(discriminator="type")])


class BadFrame(Exception):
    """Not a frame of the protocol; ``client_id`` if it named one."""

    def __init__(self, client_id: str | None) -> None:
        super().__init__("not a frame of the protocol")
        self.client_id = client_id


def read(text: str) -> Frame:
    """The client's frame.

    Raises:
        BadFrame: it is none.
    """
    words: Any = None
    try:
        words = json.loads(text)
        return _READER.validate_python(words)
    except (ValueError, RecursionError, ValidationError):
        named = words.get("client_id") if isinstance(words, dict) else None
        raise BadFrame(named[:100] if isinstance(named, str) else None) from None


def started(token: str) -> dict[str, Any]:
    """Answer to ``start``."""
    return {"type": "started", "token": token, "seq": 0}


def resumed(seq: int, token: str) -> dict[str, Any]:
    """Answer to ``resume``, with a token that lasts anew."""
    return {"type": "resumed", "seq": seq, "token": token}


def ack(client_id: str, seq: int | None, inquiry_id: UUID) -> dict[str, Any]:
    """The message is committed."""
    return {"type": "ack", "client_id": client_id, "seq": seq, "inquiry_id": str(inquiry_id)}


def error(code: str, client_id: str | None = None) -> dict[str, Any]:
    """Something was not done."""
    return {"type": "error", "code": code, "client_id": client_id}


def line(placed: PlacedLine) -> dict[str, Any] | None:
    """What a client is told of a line; nothing of its own."""
    if placed.kind == "agent":
        return {
            "type": "message",
            "seq": placed.seq,
            "from": "agent",
            "name": placed.name,
            "text": placed.text,
            "at": timestamp(placed.at),
        }
    return {"type": "ended", "reason": placed.text, "seq": placed.seq} if placed.kind == "ended" else None
