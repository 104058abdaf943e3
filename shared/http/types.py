"""The types that requests and answers are made of: cleaned text, times to the millisecond, pages, cursors."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from fastapi import Query, Response
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from shared.errors import Fault, Refused
from shared.text import clean, clean_json, clean_line

T = TypeVar("T")

MOST_VALUES = 10_000


def timestamp(at: datetime) -> str:
    """``at`` as the contract writes times: ``2026-03-04T09:14:02.113Z``."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _cleaned_text(value: object) -> object:
    return clean(value) if isinstance(value, str) else value


def _cleaned_line(value: object) -> object:
    return clean_line(value) if isinstance(value, str) else value


def _cleaned_json(value: object) -> object:
    # The cheap look goes first: a huge value is not walked to find that it is huge.
    if isinstance(value, dict) and _bigger_than(value, MOST_VALUES):
        raise ValueError("too many values")
    return clean_json(value)


def _bigger_than(value: object, most: int) -> bool:
    left, nests = most, [value]
    while nests:
        nest = nests.pop()
        inner = list(nest.values()) if isinstance(nest, dict) else nest
        if isinstance(inner, list):
            left -= len(inner)
            if left < 0:
                return True
            nests.extend(inner)
    return False


CleanText = Annotated[str, BeforeValidator(_cleaned_text)]
"""Text of any length and shape that fits every store."""

CleanLine = Annotated[str, BeforeValidator(_cleaned_line)]
"""Text on one line: no controls, no breaks."""

CleanObject = Annotated[dict[str, Any], BeforeValidator(_cleaned_json), WithJsonSchema({"type": "object"})]
"""A JSON object of the caller's own design, at most 20 levels deep and 10,000 values, cleaned in every string and key."""

Timestamp = Annotated[
    AwareDatetime,
    PlainSerializer(timestamp, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A time with its zone; answers say it in UTC with milliseconds."""

Limit = Annotated[int, Query(ge=1, le=200)]
"""Page size of a list; ``limit: Limit = 50``."""

Number = Annotated[int, Field(ge=0, le=2**31 - 1)]
"""A count or version number that fits a PostgreSQL ``int``."""


class Request(BaseModel):
    """Base of every request body: a field that we do not know is refused, not ignored."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Answer(BaseModel):
    """Base of every answer."""

    model_config = ConfigDict(populate_by_name=True)


class Page(Answer, Generic[T]):
    """One page of a list; ``next`` is the ``after`` of the following one, ``None`` on the last."""

    items: list[T]
    next: str | None = None


def encode_cursor(at: datetime, row: UUID) -> str:
    """The place behind the row (``at``, ``row``), opaque to callers."""
    return base64.urlsafe_b64encode(json.dumps([at.isoformat(), row.hex]).encode()).decode().rstrip("=")


def decode_cursor(after: str) -> tuple[datetime, UUID]:
    """What ``encode_cursor`` hid.

    Raises:
        Refused: ``invalid``; not one of our cursors.
    """
    try:
        at, row = json.loads(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)))
        return datetime.fromisoformat(at).astimezone(UTC), UUID(row)
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise Refused("invalid", "The cursor is not one of ours.", faults=[Fault("/after", "invalid")]) from error


def reply(answer: BaseModel, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """``answer`` as a finished response, for routes that choose status or headers themselves."""
    return Response(answer.model_dump_json(), status, dict(headers or {}), "application/json")
