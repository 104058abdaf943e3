"""Routes: sign in, sign out, who am I. Programs get a token, the console a cookie that scripts cannot read."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from fastapi import Request as HttpRequest
from pydantic import Field

from shared.access.caller import Caller
from shared.access.store import SESSION_LASTS, AccessStore, Session
from shared.http import cookies
from shared.http.caller import Authenticator
from shared.http.types import Answer, CleanLine, Request, Timestamp, reply


class Credentials(Request):
    """Body of ``POST /login``. The password is compared as it comes."""

    username: Annotated[CleanLine, Field(max_length=200)]
    password: Annotated[str, Field(max_length=1024)]


class Me(Answer):
    """Who is signed in; a key is its own user, with the role ``integrator``."""

    id: UUID
    name: str
    roles: list[str]
    agent_id: UUID | None
    language: str | None


class SignedIn(Answer):
    """Answer of ``POST /login``: the token is shown this once."""

    token: str
    expires_at: Timestamp
    user: Me


def routes(*, access: AccessStore, authenticator: Authenticator, public_url: str | None = None) -> APIRouter:
    """``POST /api/v1/login``, ``POST /api/v1/logout``, ``GET /api/v1/me``."""
    # Not Annotated: an annotation, being text until FastAPI reads it, cannot see the ports of this function.
    router = APIRouter(tags=["access"])

    @router.post("/api/v1/login", response_model=SignedIn, summary="Sign in")
    async def login(credentials: Credentials, request: HttpRequest) -> Response:
        cookie = cookies.name_or_refuse(request, public_url) if cookies.wanted(request) else None
        address = request.client.host if request.client else ""
        session = await access.login(credentials.username, credentials.password, address=address)
        response = reply(_signed_in(session))
        if cookie is not None:
            cookies.put(response, cookie, session.token, SESSION_LASTS)
        return response

    @router.post("/api/v1/logout", status_code=204, response_class=Response, summary="Sign out")
    async def logout(request: HttpRequest, _: Caller = Depends(authenticator.caller)) -> Response:  # noqa: FAST002
        await access.logout(authenticator.token(request))
        response = Response(status_code=204)
        if cookie := cookies.name(request, public_url):
            cookies.clear(response, cookie)
        return response

    @router.get("/api/v1/me", summary="Who am I")
    async def me(caller: Caller = Depends(authenticator.caller)) -> Me:  # noqa: FAST002
        return Me(
            id=UUID(caller.id.partition(":")[2]),
            name=caller.name,
            roles=sorted(caller.roles),
            agent_id=caller.agent_id,
            language=caller.language,
        )

    return router


def _signed_in(session: Session) -> SignedIn:
    user = session.user
    me = Me(id=user.id, name=user.name, roles=sorted(user.roles), agent_id=user.agent_id, language=user.language)
    return SignedIn(token=session.token, expires_at=session.expires_at, user=me)
