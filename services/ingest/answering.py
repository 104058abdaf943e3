"""What the HTTP doors share: the key of a repeat, the 202, and counting what is refused."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

from fastapi import Request
from starlette.responses import Response

from services.ingest.channel import Receipt
from shared.domain.inquiry import Channel
from shared.errors import Fault, Refused, Temporary
from shared.http.types import Answer, reply
from shared.telemetry import Metrics
from shared.tracing import TRACEPARENT
from shared.tracing import accepted as accepted_trace

WRITERS = ("integrator", "operations", "supervisor", "agent")
"""Who may hand inquiries in; the auditor only reads."""

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class Links(Answer):
    """Where to look next."""

    self: str


class Accepted(Answer):
    """Committed: it survives whatever happens to us now."""

    id: UUID
    state: str = "received"
    links: Links


def idempotency_key(request: Request) -> str | None:
    """The caller's name for this request.

    Raises:
        Refused: ``invalid``; it is not 1–255 visible ASCII characters.
    """
    key = request.headers.get("idempotency-key")
    if key is not None and not _KEY.fullmatch(key):
        raise Refused("invalid", "Idempotency-Key: 1-255 visible ASCII characters", faults=[Fault("", "invalid-key")])
    return key


def native_id(key: str | None) -> str:
    """The native id of a request that has no other; without a key two requests are two inquiries."""
    return f"key:{key}" if key is not None else f"once:{uuid4()}"


def traced(request: Request) -> dict[str, str]:
    """The sender's trace, to be kept with the delivery; a header that is no trace is none."""
    trace = accepted_trace(request.headers.get(TRACEPARENT))
    return {TRACEPARENT: trace} if trace else {}


def body_hash(*parts: bytes) -> bytes:
    """What must be equal where keys are."""
    return hashlib.sha256(b"\x00".join(parts)).digest()


def accepted(receipt: Receipt) -> Response:
    """The 202."""
    where = f"/api/v1/inquiries/{receipt.id}"
    headers = {"Location": where} | ({"Idempotent-Replayed": "true"} if receipt.repeated else {})
    return reply(Accepted(id=receipt.id, links=Links(self=where)), status=202, headers=headers)


@contextmanager
def counted(metrics: Metrics, channel: Channel) -> Iterator[None]:
    """Count what is refused inside."""
    try:
        yield
    except Refused as error:
        metrics.refused.labels(channel=channel.value, code=error.code).inc()
        raise
    except Temporary:
        metrics.refused.labels(channel=channel.value, code="unavailable").inc()
        raise
