"""Records that a service could not handle: look, mend, replay; and those that still wait for another try.

Customers' words, keys and addresses are shown to operations alone; supervisors and auditors see what waits and why.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Annotated
from uuid import UUID

import structlog
from fastapi import APIRouter, Depends, Response
from fastapi import Request as HttpRequest
from pydantic import Field

from services.router.api.ports import Ports
from services.router.api.quarantine_views import (
    FixRequest,
    ParkedAnswer,
    QuarantinedAnswer,
    RecordAnswer,
    row_of,
    shown_id,
)
from shared.access.caller import Caller
from shared.http.idempotency import once
from shared.http.preconditions import edited
from shared.http.types import Answer, Limit, Page, Request, reply

_log = structlog.get_logger(__name__)
_LONGEST_SECONDS = 5.0
"""A replay of many answers by then, and says where to go on."""


class ReplayRequest(Request):
    """``dry_run`` only looks whether it can be read."""

    dry_run: bool = False


class ReplayManyRequest(ReplayRequest):
    """Which, and how fast: other work goes on beside it."""

    stage: Annotated[str | None, Field(max_length=100)] = None
    per_second: Annotated[float, Field(ge=1, le=1_000)] = 50
    after: Annotated[UUID | None, Field(description="`next` of the answer before")] = None


class ReplayedAnswer(Answer):
    """``replayed`` is false after a dry run that found no fault."""

    id: UUID
    replayed: bool


class LeftAnswer(Answer):
    """One that stays, and why."""

    id: UUID
    reason: str


class ReplayedManyAnswer(Answer):
    """``replayed`` counts (in a dry run: those that would be); with ``next``, there are more."""

    replayed: int
    left: list[LeftAnswer]
    next: UUID | None


def routes(ports: Ports) -> APIRouter:
    """``/api/v1/quarantine…`` and ``/api/v1/parked``"""
    router = APIRouter(tags=["quarantine"])
    _reading(router, ports)
    _mending(router, ports)
    _replaying(router, ports)
    return router


def _reading(router: APIRouter, ports: Ports) -> None:
    reads = Depends(ports.auth.require("operations", "supervisor", "auditor"))

    @router.get("/api/v1/quarantine", summary="Records that wait for a person, oldest first")
    async def listed(
        limit: Limit = 50,
        after: UUID | None = None,
        stage: str | None = None,
        replayed: bool = False,
        caller: Caller = reads,
    ) -> Page[QuarantinedAnswer]:
        rows = await ports.quarantine.list(
            limit=limit + 1, after=row_of(after) if after else 0, stage=stage, replayed=replayed
        )
        more = str(shown_id(rows[limit - 1].id)) if len(rows) > limit else None
        return Page(items=[QuarantinedAnswer.of(row, caller) for row in rows[:limit]], next=more)

    @router.get("/api/v1/parked", summary="Records that wait for another try, or behind one of their key")
    async def parked(
        limit: Limit = 50, after: UUID | None = None, stage: str | None = None, caller: Caller = reads
    ) -> Page[ParkedAnswer]:
        rows = await ports.parking.list(limit=limit + 1, after=row_of(after) if after else 0, stage=stage)
        more = str(shown_id(rows[limit - 1].id)) if len(rows) > limit else None
        return Page(items=[ParkedAnswer.of(row, caller) for row in rows[:limit]], next=more)

    @router.get("/api/v1/quarantine/{record_id}", response_model=RecordAnswer, summary="One record, with an ETag")
    async def read(record_id: UUID, caller: Caller = reads) -> Response:
        return await _tagged(ports, record_id, caller)


def _mending(router: APIRouter, ports: Ports) -> None:
    writes = Depends(ports.auth.require("operations"))

    @router.put("/api/v1/quarantine/{record_id}/fix", response_model=RecordAnswer, summary="Put the record right")
    async def fix(record_id: UUID, body: FixRequest, request: HttpRequest, caller: Caller = writes) -> Response:
        kept = (await ports.quarantine.get(row_of(record_id))).kept
        await ports.quarantine.fix(kept.id, body.to_fix(), by=caller.id, version=edited(request, kept.version))
        _log.info("quarantine.fixed", id=kept.id, by=caller.id)
        return await _tagged(ports, record_id, caller)


def _replaying(router: APIRouter, ports: Ports) -> None:
    writes = Depends(ports.auth.require("operations"))

    @router.post("/api/v1/quarantine/replay", response_model=ReplayedManyAnswer, summary="Replay all that wait")
    async def replay_many(body: ReplayManyRequest, request: HttpRequest, caller: Caller = writes) -> Response:
        async def act() -> ReplayedManyAnswer:
            answer = await _replay_many(ports, body)
            _log.info("quarantine.replayed", records=answer.replayed, dry_run=body.dry_run, by=caller.id)
            return answer

        return await once(request, caller, ports.idempotency, act)

    @router.post("/api/v1/quarantine/{record_id}/replay", response_model=ReplayedAnswer, summary="Replay one record")
    async def replay(record_id: UUID, body: ReplayRequest, request: HttpRequest, caller: Caller = writes) -> Response:
        async def act() -> ReplayedAnswer:
            await ports.quarantine.replay(row_of(record_id), dry_run=body.dry_run)
            _log.info("quarantine.replayed", id=row_of(record_id), dry_run=body.dry_run, by=caller.id)
            return ReplayedAnswer(id=record_id, replayed=not body.dry_run)

        return await once(request, caller, ports.idempotency, act)


async def _replay_many(ports: Ports, wanted: ReplayManyRequest) -> ReplayedManyAnswer:
    enough = asyncio.get_running_loop().time() + _LONGEST_SECONDS
    replayed, left = 0, []
    outcomes = ports.quarantine.replay_all(
        per_second=wanted.per_second,
        stage=wanted.stage,
        after=row_of(wanted.after) if wanted.after else 0,
        dry_run=wanted.dry_run,
    )
    async with aclosing(outcomes):
        async for outcome in outcomes:
            if outcome.fault is None:
                replayed += 1
            else:
                left.append(LeftAnswer(id=shown_id(outcome.id), reason=outcome.fault))
            if asyncio.get_running_loop().time() >= enough:
                return ReplayedManyAnswer(replayed=replayed, left=left, next=shown_id(outcome.id))
    return ReplayedManyAnswer(replayed=replayed, left=left, next=None)


async def _tagged(ports: Ports, record_id: UUID, caller: Caller) -> Response:
    content = await ports.quarantine.get(row_of(record_id))
    if caller.has("operations"):
        _log.info("quarantine.read", id=content.kept.id, by=caller.id)
    return reply(RecordAnswer.of_content(content, caller), headers={"ETag": f'"{content.kept.version}"'})
