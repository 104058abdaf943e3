"""Presence: an agent takes work, or does not."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi import Request as HttpRequest
from pydantic import Field

from services.router.answers import PresenceAnswer
from services.router.api.ports import Ports, by
from services.router.api.sight import agent_of
from services.router.commands.presence import SetPresence
from shared.access.caller import Caller
from shared.domain.work import Presence
from shared.http.types import Request

SHORTEST_LEASE, LONGEST_LEASE = 60, 43_200


class PresenceRequest(Request):
    """With ``for_seconds`` the lease alone holds; without, presence stands with a live stream."""

    state: Presence
    for_seconds: Annotated[int, Field(ge=SHORTEST_LEASE, le=LONGEST_LEASE, strict=True)] | None = None


def routes(ports: Ports) -> APIRouter:
    """``PUT /api/v1/me/presence``"""
    router = APIRouter(tags=["access"])
    agent = Depends(ports.auth.require("agent"))

    @router.put("/api/v1/me/presence", summary="Take work, or stop to")
    async def put(body: PresenceRequest, request: HttpRequest, caller: Caller = agent) -> PresenceAnswer:
        wish = SetPresence(agent_of(caller), body.state, body.for_seconds, by(request, caller))
        return PresenceAnswer.of(await ports.commands.set_presence(wish))

    return router
