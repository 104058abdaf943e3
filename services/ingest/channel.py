"""The port of every door: what it hands over, and what it may rely on.

A door builds a ``Delivery`` and submits it. When ``submit`` returns, the delivery is committed and may be answered;
when it raises, nothing may be promised. The native id makes a repeat the same delivery: whoever is unsure submits
again. Bytes that need a parser come without a draft and are read later, elsewhere, so that no door waits for them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from fastapi import APIRouter

from shared.domain.ids import derived_id, inquiry_id
from shared.domain.inquiry import Channel, Content, Inquiry


class Draft(Content):
    """An inquiry as far as the door or the parser knows it. Every string is clean.

    ``key`` orders the log; ``None`` stands for the inquiry's own id.
    """

    key: str | None = None

    def inquiry(self, *, id: UUID, sequence: int, caller: str, received_at: datetime) -> Inquiry:  # noqa: A002  # the field's name
        """The inquiry that this draft is of."""
        content = {name: getattr(self, name) for name in Content.model_fields}
        key = self.key or f"inquiry:{id}"
        return Inquiry(id=id, sequence=sequence, caller=caller, received_at=received_at, key=key, **content)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came through a door.

    ``caller`` scopes ``native_id``, so that nobody can occupy another's. ``draft`` is ``None`` for bytes to be parsed.
    ``idempotency_key`` is the sender's promise that an equal key means an equal ``body_hash``. Deliveries with one
    ``raw_id`` share the kept bytes. ``chat_session`` puts the text into that session's order.
    """

    caller: str
    door: str
    channel: Channel
    native_id: str
    raw: bytes
    content_type: str
    draft: Draft | None = None
    envelope: dict[str, Any] = field(default_factory=dict)
    idempotency_key: str | None = None
    body_hash: bytes = b""
    shared_raw: bool = False
    chat_session: UUID | None = None

    @property
    def id(self) -> UUID:
        """The inquiry that this delivery becomes, however often it is delivered."""
        return inquiry_id(self.caller, self.door, self.native_id)

    @property
    def raw_id(self) -> UUID:
        """The name of the kept bytes."""
        if not self.shared_raw:
            return self.id
        return derived_id("raw", self.caller, hashlib.sha256(self.raw).hexdigest())


@dataclass(frozen=True, slots=True)
class Receipt:
    """The promise: committed. ``repeated`` tells a delivery that was here before; ``chat_seq`` its place in a chat."""

    id: UUID
    sequence: int
    repeated: bool
    chat_seq: int | None = None


class Accepting(Protocol):
    """Where doors hand deliveries in."""

    async def submit(self, delivery: Delivery) -> Receipt:
        """Commit ``delivery``, then return.

        Raises:
            Refused: ``idempotency-key-reused``.
            DatabaseUnavailable: not committed, or not known to be; submit the same again later.
            Overloaded: too much waits already.
        """
        ...


class Loop(Protocol):
    """Work that goes on until cancelled (``shared.service.Service``)."""

    @property
    def name(self) -> str: ...

    async def run(self) -> None: ...


async def _no_address() -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Door:
    """One opened channel: its HTTP routes, its loops, and where it listens once it does."""

    name: str
    router: APIRouter | None = None
    loops: Sequence[Loop] = ()
    opened: Callable[[], Awaitable[str | None]] = _no_address
