"""Conversations: read them, answer, complete; a supervisor assigns and requeues."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Response
from fastapi import Request as HttpRequest
from pydantic import Field

from services.router import showing
from services.router.answers import (
    Assigned,
    AssignmentAnswer,
    ConversationAnswer,
    MessageAnswer,
    WorkItemAnswer,
)
from services.router.api.ports import Ports, by
from services.router.api.sight import ALL_WORK, agent_of, check_sight
from services.router.commands.assign import Assign
from services.router.commands.complete import Complete
from services.router.commands.reply import Reply
from services.router.commands.requeue import Requeue
from shared.access.caller import Caller
from shared.database.connection import translate
from shared.domain.ids import derived_id
from shared.http.idempotency import idempotency_key, once
from shared.http.types import Answer, CleanText, Request

LONGEST_ANSWER = 16_000
"""Characters of an agent's answer: what a chat frame carries."""


class MessageRequest(Request):
    """An agent's answer."""

    text: Annotated[CleanText, Field(min_length=1, max_length=LONGEST_ANSWER)]


class CompleteRequest(Request):
    """How the matter ended."""

    outcome: Literal["resolved", "no_reply_needed", "duplicate", "spam"]
    note: Annotated[CleanText, Field(max_length=4_000)] | None = None


class AssignRequest(Request):
    """Who gets it."""

    agent_id: UUID


class RequeueRequest(Request):
    """Where it waits; ``null``: where the rules send it."""

    queue: str | None = None


class Requeued(Answer):
    """The item waits again."""

    state: Literal["waiting"] = "waiting"
    conversation_id: UUID
    work_item: WorkItemAnswer


def routes(ports: Ports) -> APIRouter:
    """``/api/v1/conversations…``"""
    router = APIRouter(tags=["work"])
    _reading(router, ports)
    _working(router, ports)
    _steering(router, ports)
    return router


def _reading(router: APIRouter, ports: Ports) -> None:
    reads = Depends(ports.auth.require(*ALL_WORK, "agent"))

    @router.get("/api/v1/conversations/{conversation_id}", summary="A conversation with its messages")
    async def read(conversation_id: UUID, caller: Caller = reads) -> ConversationAnswer:
        with translate():
            await check_sight(ports.pool, caller, conversation_id)
            return await showing.whole(ports.pool, conversation_id)


def _working(router: APIRouter, ports: Ports) -> None:
    agent = Depends(ports.auth.require("agent"))

    @router.post(
        "/api/v1/conversations/{conversation_id}/messages",
        status_code=201,
        response_model=MessageAnswer,
        summary="Answer the customer",
    )
    async def answer(
        conversation_id: UUID, body: MessageRequest, request: HttpRequest, caller: Caller = agent
    ) -> Response:
        key = idempotency_key(request)
        # Under the same key it is the same message, even where the process died before it could keep its answer.
        message_id = derived_id("answer", caller.id, str(conversation_id), key) if key else uuid4()
        wish = Reply(message_id, conversation_id, agent_of(caller), caller.name, body.text, by(request, caller))

        async def act() -> MessageAnswer:
            with translate():
                await check_sight(ports.pool, caller, conversation_id)
            return MessageAnswer.of(await ports.commands.reply(wish))

        return await once(request, caller, ports.idempotency, act, status=201)

    @router.post(
        "/api/v1/conversations/{conversation_id}/complete",
        response_model=ConversationAnswer,
        summary="Be done with it",
    )
    async def complete(
        conversation_id: UUID, body: CompleteRequest, request: HttpRequest, caller: Caller = agent
    ) -> Response:
        wish = Complete(conversation_id, agent_of(caller), caller.name, body.outcome, body.note, by(request, caller))

        async def act() -> ConversationAnswer:
            await ports.commands.complete(wish)
            with translate():
                async with ports.pool.acquire() as conn:
                    return await showing.whole(conn, conversation_id)

        return await once(request, caller, ports.idempotency, act)


def _steering(router: APIRouter, ports: Ports) -> None:
    supervisor = Depends(ports.auth.require("supervisor"))

    @router.post(
        "/api/v1/conversations/{conversation_id}/assign",
        response_model=Assigned,
        summary="Put it into an agent's hands",
    )
    async def assign(
        conversation_id: UUID, body: AssignRequest, request: HttpRequest, caller: Caller = supervisor
    ) -> Response:
        wish = Assign(conversation_id, body.agent_id, by(request, caller))

        async def act() -> Assigned:
            return Assigned(assignment=AssignmentAnswer.of(await ports.commands.assign(wish)))

        return await once(request, caller, ports.idempotency, act)

    @router.post(
        "/api/v1/conversations/{conversation_id}/requeue",
        response_model=Requeued,
        summary="Let it wait again",
    )
    async def requeue(
        conversation_id: UUID, body: RequeueRequest, request: HttpRequest, caller: Caller = supervisor
    ) -> Response:
        origin = by(request, caller)

        async def act() -> Requeued:
            version, ruleset = await ports.rulesets.live()
            item = await ports.commands.requeue(Requeue(conversation_id, body.queue, ruleset, version, origin))
            return Requeued(conversation_id=conversation_id, work_item=WorkItemAnswer.of(item))

        return await once(request, caller, ports.idempotency, act)
