"""Offers: see them, take them, refuse them."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from fastapi import Request as HttpRequest
from pydantic import Field

from services.router.answers import Assigned, AssignmentAnswer, OfferAnswer, OfferState
from services.router.api.ports import Ports, by
from services.router.api.sight import agent_of
from services.router.commands.accept import Accept
from services.router.commands.decline import Decline
from services.router.store import offers
from shared.access.caller import Caller
from shared.database.connection import translate
from shared.errors import Refused
from shared.http.idempotency import once
from shared.http.types import CleanLine, CleanText, Limit, Page, Request, decode_cursor, encode_cursor


class Nothing(Request):
    """An empty object."""


class DeclineRequest(Request):
    """Why an agent does not take an offer; ``should_be`` is the topic, language or queue that it is instead."""

    reason: Literal["wrong_topic", "wrong_language", "too_much", "other"]
    note: Annotated[CleanText, Field(max_length=4_000)] | None = None
    should_be: Annotated[CleanLine, Field(max_length=200)] | None = None


def routes(ports: Ports) -> APIRouter:
    """``/api/v1/offers…``"""
    router = APIRouter(tags=["work"])
    agent = Depends(ports.auth.require("agent"))
    reads = Depends(ports.auth.require("agent", "supervisor"))

    @router.get("/api/v1/offers", summary="Own offers; a supervisor sees all agents'")
    async def listed(
        state: OfferState | None = None,
        agent_id: UUID | None = None,
        limit: Limit = 50,
        after: str | None = None,
        caller: Caller = reads,
    ) -> Page[OfferAnswer]:
        whose = _whose(caller, agent_id)
        behind = decode_cursor(after) if after is not None else None
        with translate():
            rows = await offers.page(ports.pool, agent=whose, state=state, after=behind, limit=limit + 1)
        last = rows[limit - 1] if len(rows) > limit else None
        more = encode_cursor(last.made_at, last.id) if last else None
        return Page(items=[OfferAnswer.of(offer) for offer in rows[:limit]], next=more)

    @router.post("/api/v1/offers/{offer_id}/accept", response_model=Assigned, summary="Take an offer")
    async def accept(
        offer_id: UUID, request: HttpRequest, _: Nothing | None = None, caller: Caller = agent
    ) -> Response:
        wish = Accept(offer_id, agent_of(caller), by(request, caller))

        async def act() -> Assigned:
            accepted = await ports.commands.accept(wish)
            return Assigned(assignment=AssignmentAnswer.of(accepted.assignment))

        return await once(request, caller, ports.idempotency, act)

    @router.post("/api/v1/offers/{offer_id}/decline", response_model=OfferAnswer, summary="Refuse an offer")
    async def decline(offer_id: UUID, body: DeclineRequest, request: HttpRequest, caller: Caller = agent) -> Response:
        wish = Decline(offer_id, agent_of(caller), body.reason, body.note, body.should_be, by(request, caller))

        async def act() -> OfferAnswer:
            return OfferAnswer.of(await ports.commands.decline(wish))

        return await once(request, caller, ports.idempotency, act)

    return router


def _whose(caller: Caller, asked: UUID | None) -> UUID | None:
    if caller.has("supervisor"):
        return asked
    own = agent_of(caller)
    if asked not in {None, own}:
        raise Refused("forbidden", "These are another agent's offers.")
    return own
