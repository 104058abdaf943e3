"""Live screens: the state at a position, and what changed after it as server-sent events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import asyncpg
from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi import Request as HttpRequest
from starlette.responses import StreamingResponse

from services.router.live import state, views
from services.router.live.feed import Feed
from services.router.live.seats import Seats
from services.router.live.stream import Stream
from services.router.live.telling import Pace, Telling
from services.router.live.views import View, sees_all_work
from services.router.rulesets import RuleSetStore
from services.router.store import assignments, conversations
from shared.access.caller import Caller
from shared.clock import Clock
from shared.database.connection import translate
from shared.errors import Fault, Refused
from shared.http.caller import Authenticator
from shared.http.types import Answer, Timestamp

_HEADERS = {"X-Accel-Buffering": "no"}
_Views = Annotated[str, Query(max_length=1_000)]


class StateAnswer(Answer):
    """Objects by view, each with ``type``, ``id`` and ``version``, as of ``position``."""

    position: int
    now: Timestamp
    views: dict[str, list[dict[str, Any]]]


class ChangeEvent(Answer):
    """Data of ``event: change``: ``set`` holds an object whole, ``removed`` says that it left the view."""

    at: Timestamp
    cause: str | None
    changes: list[dict[str, Any]]


def routes(
    *,
    pool: asyncpg.Pool[asyncpg.Record],
    feed: Feed,
    seats: Seats,
    rulesets: RuleSetStore,
    authenticator: Authenticator,
    clock: Clock,
    pace: Pace | None = None,
) -> APIRouter:
    """``GET /api/v1/state`` and ``GET /api/v1/events``. ``feed`` and ``seats`` have to run."""
    router = APIRouter(tags=["live"])
    anyone = Depends(authenticator.caller)

    @router.get("/api/v1/state", summary="Views as of one position")
    async def read(views: _Views, caller: Caller = anyone) -> StateAnswer:
        wanted = await _allowed(pool, caller, views)
        position, shown = await state.read(pool=pool, feed=feed, rulesets=rulesets, caller=caller, views=wanted)
        return StateAnswer(position=position, now=clock.now(), views=shown)

    @router.get(
        "/api/v1/events",
        response_class=StreamingResponse,
        responses={200: {"model": ChangeEvent, "content": {"text/event-stream": {}}}},
        summary="What changes in views after a position",
    )
    async def follow(
        request: HttpRequest,
        views: _Views,
        after: Annotated[int | None, Query(ge=0, le=2**63 - 1)] = None,
        last_event_id: Annotated[str | None, Header()] = None,
        caller: Caller = anyone,
    ) -> Response:
        wanted = await _allowed(pool, caller, views)
        stream = Stream(caller=caller, views=wanted, feed=feed, pool=pool, rulesets=rulesets)
        telling = Telling(
            stream=stream, request=request, caller=caller, authenticator=authenticator, seats=seats, clock=clock,
            pace=pace or Pace(),
        )  # fmt: skip
        told = telling.tell(_position(last_event_id) if last_event_id else after, seated=_seated(wanted))
        return StreamingResponse(told, media_type="text/event-stream", headers=_HEADERS)

    return router


async def _allowed(pool: asyncpg.Pool[asyncpg.Record], caller: Caller, text: str) -> Sequence[View]:
    """The views, each of which the caller may have.

    Raises:
        Refused: ``invalid``, ``forbidden``, ``not-found``.
    """
    wanted = views.parse(text)
    views.check_rights(caller, wanted)
    for view in wanted:
        if view.conversation is not None and not await _in_sight(pool, caller, view.conversation):
            raise Refused("not-found")
    return wanted


async def _in_sight(pool: asyncpg.Pool[asyncpg.Record], caller: Caller, conversation: Any) -> bool:
    with translate():
        if sees_all_work(caller):
            return await conversations.known(pool, conversation)
        return caller.agent_id is not None and await assignments.may_see(pool, conversation, caller.agent_id)


def _seated(wanted: Sequence[View]) -> bool:
    return any(view.name in {views.ME, views.DESK} for view in wanted)


def _position(last_event_id: str) -> int:
    if not last_event_id.isascii() or not last_event_id.isdigit() or len(last_event_id) > 18:
        raise Refused("invalid", faults=[Fault("/Last-Event-ID", "invalid")])
    return int(last_event_id)
