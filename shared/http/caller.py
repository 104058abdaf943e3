"""The caller of a request: found by Bearer header or console cookie, held to its rate, asked for its role."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shared.access.caller import INTEGRATOR, ROLES, Access, Caller
from shared.errors import Refused
from shared.http import cookies
from shared.http.rate import RateLimiter

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_BEARER = HTTPBearer(auto_error=False, description="An integrator's key, or the token of POST /api/v1/login.")


class Authenticator:
    """Makes the dependencies that routes name their caller with.

    ``limiter`` holds each caller to its rate; ``None`` sets no limit.
    """

    def __init__(self, access: Access, *, limiter: RateLimiter | None = None, public_url: str | None = None) -> None:
        self._access = access
        self._limiter = limiter
        self._public_url = public_url

    async def identify(self, request: Request) -> Caller:
        """The caller, at no cost to its rate; live streams call it again to learn that a session has ended.

        Raises:
            Refused: ``unauthenticated``, or ``forbidden`` for a write by cookie from another origin.
            DatabaseUnavailable: it cannot be known now.
        """
        caller = await self._access.authenticate(self.token(request))
        if caller is None:
            raise Refused("unauthenticated")
        return caller

    def token(self, request: Request) -> str:
        """The token that the request came with; a Bearer header wins over the cookie.

        Raises:
            Refused: ``unauthenticated`` when there is none, ``forbidden`` as in ``identify``.
        """
        header = request.headers.get("authorization")
        if header is not None:
            scheme, _, token = header.partition(" ")
            if scheme.lower() != "bearer" or not token.strip():
                raise Refused("unauthenticated")
            return token.strip()
        cookie = cookies.read(request, self._public_url)
        if not cookie:
            raise Refused("unauthenticated")
        if request.method not in SAFE_METHODS and not cookies.from_console(request):
            raise Refused("forbidden", "A write by cookie must come from the console itself.")
        return cookie

    async def caller(self, request: Request, _: HTTPAuthorizationCredentials | None = Depends(_BEARER)) -> Caller:
        """Dependency: any signed-in caller, within its rate.

        Raises:
            Refused: as ``identify``, and ``rate-limited``.
        """
        caller = await self.identify(request)
        if self._limiter is not None:
            state = self._limiter.take(caller.id)
            request.state.rate = state
            state.check()
        return caller

    def require(self, *roles: str) -> Callable[..., Awaitable[Caller]]:
        """Dependency: a caller who has one of ``roles``; others are refused as ``forbidden``."""
        caller_of: Any = Depends(self.caller)

        async def required(caller: Caller = caller_of) -> Caller:
            if not caller.has(*roles):
                raise Refused("forbidden")
            return caller

        return required


__all__ = ["INTEGRATOR", "ROLES", "Authenticator", "Caller"]
