"""From what a route raises to the problem that its caller reads.

No input is ever echoed: a field is named by its pointer, a value never.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shared.access.limits import RefusedForNow
from shared.errors import Fault, Refused, Temporary
from shared.http.problems import problem

_BY_STATUS = {
    400: "invalid-json", 404: "not-found", 405: "method-not-allowed", 413: "too-large", 415: "unsupported-media-type",
}  # fmt: skip
_FAULT_CODES = {
    "missing": "missing",
    "extra_forbidden": "unknown-field",
    "string_too_long": "too-long",
    "too_long": "too-long",
    "string_too_short": "too-short",
    "too_short": "too-short",
}
_SAFE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def request_id(request: Request) -> str:
    """The id that the answer's ``X-Request-Id`` and our log share."""
    return str(getattr(request.state, "request_id", ""))


def install(app: FastAPI) -> None:
    """Make ``app`` answer every expected error with its problem."""
    app.exception_handler(Refused)(_refused)
    app.exception_handler(Temporary)(_temporary)
    app.exception_handler(RequestValidationError)(_does_not_fit)
    app.exception_handler(HTTPException)(_plain)


async def _refused(request: Request, error: Refused) -> Response:
    retry_after = error.retry_after if isinstance(error, RefusedForNow) else None
    return problem(
        error.code,
        request_id=request_id(request),
        detail=error.detail,
        faults=error.faults,
        retry_after=retry_after,
    )


async def _temporary(request: Request, error: Temporary) -> Response:
    return problem("unavailable", request_id=request_id(request), retry_after=error.retry_after)


async def _plain(request: Request, error: HTTPException) -> Response:
    code = _BY_STATUS.get(error.status_code, "internal" if error.status_code >= 500 else "invalid")
    return problem(code, request_id=request_id(request), headers=error.headers)


async def _does_not_fit(request: Request, error: RequestValidationError) -> Response:
    return problem(_code(error), request_id=request_id(request), faults=_faults(error.errors()))


def _code(error: RequestValidationError) -> str:
    entries = error.errors()
    if any(entry["type"] == "json_invalid" for entry in entries):
        return "invalid-json"
    if isinstance(error.body, bytes) and error.body:
        return "unsupported-media-type"
    # An id that cannot be one is the id of nothing.
    if all(entry["loc"][:1] == ("path",) for entry in entries):
        return "not-found"
    return "invalid"


def _faults(entries: Sequence[Mapping[str, Any]]) -> list[Fault]:
    """At most 100 faults, each by its place and kind; the place ends where a name would be the caller's own words."""
    return [
        Fault(_pointer(entry["loc"][1:]), _FAULT_CODES.get(entry["type"], _kind(entry["type"])))
        for entry in entries[:100]
        if entry["type"] != "json_invalid"
    ]


def _kind(pydantic_type: str) -> str:
    return "wrong-type" if pydantic_type.endswith(("_type", "_parsing")) else "invalid"


def _pointer(loc: Sequence[str | int]) -> str:
    parts = []
    for part in map(str, loc):
        if not _SAFE_NAME.fullmatch(part):
            break
        parts.append(part)
    return "".join(f"/{part}" for part in parts)
