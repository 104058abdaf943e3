"""Agents: what they can and hold. Changes of skills and capacity act at once."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from fastapi import Request as HttpRequest
from pydantic import Field, field_validator

from services.router.answers import AgentAnswer
from services.router.api.ports import Ports, by
from services.router.decide.skills import is_skill_name
from services.router.store import agents
from services.router.store.agents import Agent
from shared.access.caller import Caller
from shared.database.connection import translate
from shared.errors import Fault, Refused
from shared.http.preconditions import edited
from shared.http.types import Limit, Page, Request, reply

Level = Annotated[int, Field(ge=1, le=5, strict=True)]


class AgentRequest(Request):
    """All that can be changed of an agent."""

    skills: Annotated[dict[str, Level], Field(max_length=200)]
    capacity: Annotated[int, Field(ge=0, le=100, strict=True)]

    @field_validator("skills")
    @classmethod
    def _known(cls, skills: dict[str, int]) -> dict[str, int]:
        if not all(is_skill_name(name) for name in skills):
            raise ValueError("a skill is language.<code>, topic.<topic> or a free lower-case name")
        return skills


def routes(ports: Ports) -> APIRouter:
    """``/api/v1/agents…``"""
    router = APIRouter(tags=["agents"])
    reads = Depends(ports.auth.require("operations", "supervisor", "auditor"))
    writes = Depends(ports.auth.require("operations"))

    @router.get("/api/v1/agents", summary="All agents, by username")
    async def listed(limit: Limit = 50, after: str | None = None, _: Caller = reads) -> Page[AgentAnswer]:
        with translate():
            rows = await agents.page(ports.pool, after=_decode(after), limit=limit + 1)
        more = _encode(rows[limit - 1].username) if len(rows) > limit else None
        return Page(items=[AgentAnswer.of(agent) for agent in rows[:limit]], next=more)

    @router.get("/api/v1/agents/{agent_id}", response_model=AgentAnswer, summary="One agent, with an ETag")
    async def read(agent_id: UUID, _: Caller = reads) -> Response:
        with translate():
            found = (await agents.by_id(ports.pool, [agent_id])).get(agent_id)
        if found is None:
            raise Refused("not-found")
        return _tagged(found)

    @router.put("/api/v1/agents/{agent_id}", response_model=AgentAnswer, summary="Change skills and capacity")
    async def write(agent_id: UUID, body: AgentRequest, request: HttpRequest, caller: Caller = writes) -> Response:
        with translate():
            found = (await agents.by_id(ports.pool, [agent_id])).get(agent_id)
        if found is None:
            raise Refused("not-found")
        changed = await ports.commands.edit_agent(
            agent_id,
            edition=edited(request, found.edition),
            skills=body.skills,
            capacity=body.capacity,
            by=by(request, caller),
        )
        return _tagged(changed)

    return router


def _tagged(agent: Agent) -> Response:
    return reply(AgentAnswer.of(agent), headers={"ETag": f'"{agent.edition}"'})


def _encode(username: str) -> str:
    return base64.urlsafe_b64encode(username.encode()).decode().rstrip("=")


def _decode(after: str | None) -> str:
    if after is None:
        return ""
    try:
        return base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)).decode().replace("\x00", "")
    except (ValueError, binascii.Error) as error:
        raise Refused("invalid", "The cursor is not one of ours.", faults=[Fault("/after", "invalid")]) from error
