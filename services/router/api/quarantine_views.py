"""Quarantined and parked records as each reader sees them, and what is sent to put one right."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from shared.access.caller import Caller
from shared.errors import Fault, Refused
from shared.eventlog.base import Record
from shared.http.types import Answer, Request, Timestamp
from shared.parked_table import Shown
from shared.quarantine_desk import Content, Fix, Kept

_MOST_ROWS = 2**63

_Text = Annotated[str | None, Field(max_length=1_000_000)]
_Line = Annotated[str | None, Field(max_length=10_000)]


def shown_id(row: int) -> UUID:
    """The row's number, as ids are written everywhere."""
    return UUID(int=row)


def row_of(shown: UUID) -> int:
    """The row behind an id.

    Raises:
        Refused: ``not-found``; it is no id of ours.
    """
    if shown.int >= _MOST_ROWS:
        raise Refused("not-found")
    return shown.int


class _StandingAnswer(Answer):
    id: UUID
    stage: str
    stream: str
    partition: int
    position: int
    key: str | None
    event_id: str | None
    type: str | None
    subject: str | None
    reason: str | None
    tries: int


class QuarantinedAnswer(_StandingAnswer):
    """A record that waits for a person; ``key`` and the words of ``reason`` for operations alone."""

    first_at: Timestamp
    last_at: Timestamp
    replayed_at: Timestamp | None
    fixed_at: Timestamp | None
    fixed_by: str | None
    version: int

    @classmethod
    def of(cls, kept: Kept, caller: Caller) -> Self:
        return cls(
            **_standing(kept, caller),
            first_at=kept.at,
            last_at=kept.last_at,
            replayed_at=kept.replayed_at,
            fixed_at=kept.fixed_at,
            fixed_by=kept.fixed_by,
            version=kept.version,
        )


class ParkedAnswer(_StandingAnswer):
    """A record that waits for another try; ``next_try_at`` of ``null``: behind another of its key."""

    parked_at: Timestamp
    next_try_at: Timestamp | None

    @classmethod
    def of(cls, shown: Shown, caller: Caller) -> Self:
        next_try = None if shown.behind else shown.due_at
        return cls(**_standing(shown, caller), parked_at=shown.at, next_try_at=next_try)


class RawAnswer(Answer):
    """A record's parts; ``value_base64`` where the bytes are no text."""

    key: str
    headers: dict[str, str]
    value: str | None
    value_base64: str | None

    @classmethod
    def of(cls, record: Record) -> Self:
        try:
            text, encoded = record.value.decode(), None
        except UnicodeDecodeError:
            text, encoded = None, base64.b64encode(record.value).decode()
        headers = {_sendable(name): _sendable(value) for name, value in record.headers.items()}
        return cls(key=_sendable(record.key), headers=headers, value=text, value_base64=encoded)


class RecordAnswer(QuarantinedAnswer):
    """All of it, as it came and as it was put right; for others than operations both are ``null``."""

    came: RawAnswer | None = None
    fixed: RawAnswer | None = None

    @classmethod
    def of_content(cls, content: Content, caller: Caller) -> Self:
        answer = cls.of(content.kept, caller)
        if caller.has("operations"):
            answer.came = RawAnswer.of(content.came)
            answer.fixed = RawAnswer.of(content.fixed) if content.fixed else None
        return answer


class FixRequest(Request):
    """What to put right: a part that is left out stays as it came, a header of ``null`` is taken away."""

    value: _Text = None
    value_base64: _Text = None
    headers: Annotated[dict[str, _Line] | None, Field(max_length=100)] = None
    key: _Line = None

    def to_fix(self) -> Fix:
        """The same, for the desk.

        Raises:
            Refused: ``invalid``; two values, or no base64.
        """
        return Fix(value=self._bytes(), headers=self.headers, key=self.key)

    def _bytes(self) -> bytes | None:
        if self.value is not None and self.value_base64 is not None:
            raise Refused("invalid", "Send one value.", faults=[Fault("/value_base64", "invalid")])
        if self.value_base64 is None:
            return None if self.value is None else self.value.encode(errors="replace")
        try:
            return base64.b64decode(self.value_base64, validate=True)
        except binascii.Error as error:
            raise Refused("invalid", "That is no base64.", faults=[Fault("/value_base64", "invalid")]) from error


def _standing(row: Kept | Shown, caller: Caller) -> dict[str, Any]:
    own = {name: getattr(row, name) for name in ("stage", "stream", "event_id", "type", "subject", "tries")}
    whole = caller.has("operations")
    # The kind of an error is ours; its words may be a customer's.
    reason = row.reason if whole or row.reason is None else row.reason.partition(":")[0]
    where = {"id": shown_id(row.id), "partition": row.part, "position": row.pos}
    return own | where | {"key": row.key if whole else None, "reason": reason}


def _sendable(text: str) -> str:
    return text.encode(errors="replace").decode()
