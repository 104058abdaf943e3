"""The console's cookie: which name it has on which transport, and what a write by it must show.

Over https it is ``__Host-session`` (Secure); on http at a loopback address ``session``, because browsers refuse the
former there; on http elsewhere there is none.
"""

from __future__ import annotations

from datetime import timedelta

from fastapi import Request, Response

from shared.access.demo_guard import is_loopback
from shared.errors import Refused

SECURE_NAME = "__Host-session"
LOOPBACK_NAME = "session"


def name(request: Request, public_url: str | None) -> str | None:
    """The cookie's name as told by ``public_url``, else by the request; ``None`` where https is needed."""
    url = public_url or str(request.base_url)
    if url.startswith("https://"):
        return SECURE_NAME
    return LOOPBACK_NAME if is_loopback(request.url.hostname or "") else None


def read(request: Request, public_url: str | None) -> str | None:
    """The session token that the cookie carries."""
    known = name(request, public_url)
    return request.cookies.get(known) if known else None


def wanted(request: Request) -> bool:
    """Whether the request asks for a cookie: the console does, programs do not."""
    return request.headers.get("x-console") == "1"


def from_console(request: Request) -> bool:
    """Whether a write by cookie comes from our own page: other sites can send neither header."""
    return request.headers.get("sec-fetch-site") == "same-origin" and wanted(request)


def name_or_refuse(request: Request, public_url: str | None) -> str:
    """The cookie's name.

    Raises:
        Refused: ``https-needed``.
    """
    known = name(request, public_url)
    if known is None:
        raise Refused("https-needed")
    return known


def put(response: Response, cookie: str, token: str, lasts: timedelta) -> None:
    """Hand ``token`` to the browser for as long as it ``lasts``, out of reach of scripts and other sites."""
    response.set_cookie(
        cookie,
        token,
        max_age=int(lasts.total_seconds()),
        path="/",
        secure=cookie == SECURE_NAME,
        httponly=True,
        samesite="strict",
    )


def clear(response: Response, cookie: str) -> None:
    """Take the token back from the browser."""
    response.delete_cookie(cookie, path="/", secure=cookie == SECURE_NAME, httponly=True, samesite="strict")
