"""What every answer wears: a request id, the safety headers, the rate; and a problem where a route broke."""

from __future__ import annotations

from uuid import uuid4

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.problems import problem
from shared.tracing import TRACEPARENT, trace_id

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
    "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
SAFETY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
}
"""Set unless the route set its own."""

_log = structlog.get_logger(__name__)


class Envelope:
    """The outermost layer. Passes streams through as they come."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["request_id"] = uuid4().hex
        started = False

        async def dressed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _dress(scope, MutableHeaders(scope=message))
            await send(message)

        with structlog.contextvars.bound_contextvars(**_named(scope)):
            try:
                await self._app(scope, receive, dressed)
            except Exception:
                _log.exception("request_failed", method=scope["method"])
                if started:
                    raise
                await problem("internal", request_id=state["request_id"])(scope, receive, dressed)


def _named(scope: Scope) -> dict[str, str]:
    """What the lines of this request are found by."""
    named = {"request_id": scope["state"]["request_id"]}
    trace = next((value for name, value in scope["headers"] if name == b"traceparent"), None)
    if trace is not None and (number := trace_id({TRACEPARENT: trace.decode("latin-1")})):
        named["trace_id"] = number
    return named


def _dress(scope: Scope, headers: MutableHeaders) -> None:
    state = scope["state"]
    headers["X-Request-Id"] = state["request_id"]
    for name, value in SAFETY.items():
        headers.setdefault(name, value)
    if scope["path"].startswith("/api/"):
        headers.setdefault("Cache-Control", "no-store")
    if rate := state.get("rate"):
        for name, value in rate.headers().items():
            headers[name] = value
