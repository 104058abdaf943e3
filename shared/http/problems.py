"""Every way to say no, as problem documents (RFC 9457). The one place that gives an error code its status."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from shared.errors import Fault

PROBLEMS: dict[str, tuple[int, str]] = {
    "invalid-json": (400, "The body is not valid JSON"),
    "unauthenticated": (401, "Sign in, or send a valid key"),
    "invalid-credentials": (401, "User name or password is wrong"),
    "forbidden": (403, "This role may not do this"),
    "not-mine": (403, "This is not assigned to you"),
    "https-needed": (403, "The console signs in over https only"),
    "not-found": (404, "There is nothing here"),
    "method-not-allowed": (405, "This method is not offered here"),
    "conflict": (409, "The state does not allow this"),
    "in-progress": (409, "The same request is still running"),
    "offer-taken": (409, "Another agent has it"),
    "agent-full": (409, "The agent has no room for it"),
    "not-waiting": (409, "It is not waiting"),
    "not-in-hand": (409, "Nobody has it in hand"),
    "channel-cannot-send": (409, "This channel cannot send answers"),
    "unreadable": (409, "It cannot be read as an event of ours"),
    "offer-lapsed": (410, "The offer has lapsed"),
    "offer-withdrawn": (410, "The offer was withdrawn"),
    "offer-declined": (410, "The offer was declined"),
    "version-mismatch": (412, "It was changed meanwhile"),
    "too-large": (413, "The body is too large"),
    "unsupported-media-type": (415, "This content type is not accepted here"),
    "invalid": (422, "The request does not fit"),
    "invalid-ruleset": (422, "The rule set has faults"),
    "idempotency-key-reused": (422, "This Idempotency-Key came with another body"),
    "precondition-required": (428, "Send If-Match with the version you edited"),
    "rate-limited": (429, "Too many requests"),
    "too-many-attempts": (429, "Too many attempts to sign in"),
    "internal": (500, "Something went wrong on our side"),
    "unavailable": (503, "Not available at the moment"),
}

MEDIA_TYPE = "application/problem+json"


class ProblemFault(BaseModel):
    """One thing wrong with the request."""

    pointer: str
    code: str
    detail: str | None = None
    line: int | None = None


class Problem(BaseModel):
    """A problem document."""

    type: str
    code: str
    title: str
    status: int
    detail: str
    errors: list[ProblemFault]
    request_id: str


RESPONSES: dict[int | str, dict[str, Any]] = {
    kind: {
        "description": description,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for kind, description in (("4XX", "The request is refused"), ("5XX", "The product cannot answer now"))
}
"""The ``responses`` of every route in the OpenAPI document."""


def problem(
    code: str,
    *,
    request_id: str,
    detail: str = "",
    faults: Iterable[Fault] = (),
    retry_after: float | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer for ``code``; one that ``PROBLEMS`` does not know is a fault of ours and answers 500."""
    if code not in PROBLEMS:
        code, detail, faults = "internal", "", ()
    status, title = PROBLEMS[code]
    content = {
        "type": f"/problems/{code}",
        "code": code,
        "title": title,
        "status": status,
        "detail": detail or title,
        "errors": [_fault(fault) for fault in faults],
        "request_id": request_id,
    }
    return JSONResponse(content, status, _headers(status, retry_after, headers), MEDIA_TYPE)


def _headers(status: int, retry_after: float | None, extra: Mapping[str, str] | None) -> dict[str, str]:
    headers = dict(extra or {})
    if status == 401:
        headers.setdefault("WWW-Authenticate", "Bearer")
    if retry_after is not None or status in {429, 503}:
        headers["Retry-After"] = str(max(1, math.ceil(retry_after or 1)))
    return headers


def _fault(fault: Fault) -> dict[str, Any]:
    entry: dict[str, Any] = {"pointer": fault.pointer, "code": fault.code}
    if fault.detail:
        entry["detail"] = fault.detail
    if fault.line is not None:
        entry["line"] = fault.line
    return entry
