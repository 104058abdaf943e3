"""Request bodies: bounded while they stream in, and JSON read strictly before any route sees it."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.problems import problem

LARGEST = 10_000_000
"""Bytes of a body: the contract's 10 MB."""
MOST_NESTS = 250_000
"""Lists and objects in a body: ten megabytes of nothing else would hold up everyone for seconds."""


class TooLarge(HTTPException):
    """The body has grown over the limit; raised from ``receive``, so that the reading route ends."""

    def __init__(self) -> None:
        super().__init__(413)


class _NotStrict(Exception):
    """The body is not strict JSON."""


class StrictBody:
    """Refuses bodies over ``largest`` bytes, told or counted, and JSON that two readers could read differently.

    Strict JSON is UTF-8, has no repeated key, no NaN or Infinity, and no depth, number or crowd of lists that our reader cannot take.
    Other content types stream through, counted.
    """

    def __init__(self, app: ASGIApp, *, largest: int = LARGEST) -> None:
        self._app = app
        self._largest = largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            receive = await self._checked(Headers(scope=scope), receive)
        except TooLarge:
            await problem("too-large", request_id=scope["state"]["request_id"])(scope, receive, send)
        except _NotStrict:
            await problem("invalid-json", request_id=scope["state"]["request_id"])(scope, receive, send)
        except ClientDisconnect:
            return
        else:
            await self._app(scope, receive, send)

    async def _checked(self, headers: Headers, receive: Receive) -> Receive:
        if _told_length(headers) > self._largest:
            raise TooLarge
        counted = _Counted(receive, self._largest)
        if not is_json(headers.get("content-type", "")):
            return counted
        body = await counted.whole()
        if body and not is_strict_json(body):
            raise _NotStrict
        return _Replay(body, receive)


class _Counted:
    """``receive`` that raises ``TooLarge`` once too much has come."""

    def __init__(self, receive: Receive, largest: int) -> None:
        self._receive = receive
        self._left = largest

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise TooLarge
        return message

    async def whole(self) -> bytes:
        parts = []
        while True:
            message = await self()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                return b"".join(parts)


class _Replay:
    """``receive`` that gives a body already read, then what the connection says next."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


def _told_length(headers: Headers) -> int:
    told = headers.get("content-length", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 20 else 0


def is_json(content_type: str) -> bool:
    """Whether a ``Content-Type`` announces JSON."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def is_strict_json(body: bytes) -> bool:
    """Whether ``body`` is JSON in the strict sense of ``StrictBody``."""
    if body.count(b"[") + body.count(b"{") > MOST_NESTS:
        return False
    try:
        json.loads(body.decode("utf-8-sig"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return False
    return True


def _unique(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key is repeated")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
