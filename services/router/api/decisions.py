"""Decision records."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Depends

from services.router.answers import DecisionAnswer
from services.router.api.ports import Ports
from services.router.api.sight import ALL_WORK, may_see_decision
from services.router.store import decisions
from shared.access.caller import Caller
from shared.database.connection import translate
from shared.errors import Refused


def routes(ports: Ports) -> APIRouter:
    """``/api/v1/decisions/{id}``"""
    router = APIRouter(tags=["work"])
    reads = Depends(ports.auth.require(*ALL_WORK, "agent", "auditor"))

    @router.get("/api/v1/decisions/{decision_id}", summary="Why an item was put before an agent")
    async def read(decision_id: UUID, caller: Caller = reads) -> DecisionAnswer:
        with translate():
            decision = await decisions.by_id(ports.pool, decision_id)
            if decision is None or not await may_see_decision(ports.pool, caller, decision):
                raise Refused("not-found")
            names = await decisions.candidate_names(ports.pool, decision)
        return DecisionAnswer.of(decision, names)

    return router
