"""Live screens: the state at a position, and what changed after it as server-sent events."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi import Request as HttpRequest
from starlette.responses import StreamingResponse

from services.router.api.ports import Ports
from services.router.api.sight import check_sight
from services.router.live import state, views
from services.router.live.stream import LARGEST, Stream, event
from services.router.live.views import View
from shared.access.caller import Caller
from shared.database.connection import translate
from shared.errors import DatabaseUnavailable, Fault, Refused
from shared.http.types import Answer, Timestamp, timestamp

BEAT_SECONDS = 15.0
RIGHTS_SECONDS = 3.0
"""How often a stream's rights are looked at again: after a sign-out nothing comes after 5 s."""

_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
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


def routes(ports: Ports) -> APIRouter:
    """``/api/v1/state`` and ``/api/v1/events``"""
    router = APIRouter(tags=["live"])
    anyone = Depends(ports.auth.caller)

    @router.get("/api/v1/state", summary="Views as of one position")
    async def read(views: _Views, caller: Caller = anyone) -> StateAnswer:
        wanted = await _allowed(ports, caller, views)
        position, shown = await state.read(ports.pool, ports.boards, caller, wanted)
        return StateAnswer(position=position, now=ports.clock.now(), views=shown)

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
        wanted = await _allowed(ports, caller, views)
        stream = Stream(
            caller=caller,
            views=wanted,
            feed=ports.feed,
            boards=ports.boards,
            pool=ports.pool,
            after=_position(last_event_id) if last_event_id else after,
        )
        told = _told(ports, request, caller, stream)
        return StreamingResponse(told, media_type="text/event-stream", headers=_HEADERS)

    return router


async def _allowed(ports: Ports, caller: Caller, text: str) -> Sequence[View]:
    """The views, each of which the caller may have.

    Raises:
        Refused: ``invalid``, ``forbidden``, ``not-found``.
    """
    wanted = views.parse(text)
    views.check_rights(caller, wanted)
    for view in wanted:
        if view.conversation is not None:
            with translate():
                await check_sight(ports.pool, caller, view.conversation)
    return wanted


def _position(last_event_id: str) -> int:
    if not last_event_id.isascii() or not last_event_id.isdigit() or len(last_event_id) > 18:
        raise Refused("invalid", faults=[Fault("/Last-Event-ID", "invalid")])
    return int(last_event_id)


async def _told(ports: Ports, request: HttpRequest, caller: Caller, stream: Stream) -> AsyncIterator[str]:
    yield f"retry: {random.randint(1000, 5000)}\n\n"  # noqa: S311  # spreads clients out after a restart
    try:
        async with ports.seats.taken(caller.agent_id):
            if not await stream.attach():
                yield event("resync", ports.feed.position, {"at": timestamp(ports.clock.now())})
                return
            async for text in _live(ports, request, caller, stream):
                yield text
    except DatabaseUnavailable:
        return  # the client comes back with its last position
    finally:
        stream.detach()


async def _live(ports: Ports, request: HttpRequest, caller: Caller, stream: Stream) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    follower = stream.follower
    beat_due, rights_due = loop.time(), loop.time() + RIGHTS_SECONDS
    while True:
        if follower.ended:
            yield _farewell(ports, stream, "stopping")
            return
        if loop.time() >= rights_due:
            if not await _still_allowed(ports, request, caller):
                yield _farewell(ports, stream, "signed_out")
                return
            rights_due = loop.time() + RIGHTS_SECONDS
        told = "".join(await stream.news())
        if follower.lost or len(told) > LARGEST:
            yield event("resync", follower.position, {"at": timestamp(ports.clock.now())})
            return
        if loop.time() >= beat_due:
            told += event("beat", follower.position, {"at": timestamp(ports.clock.now())})
            beat_due = loop.time() + BEAT_SECONDS
        if told:
            yield told
        await _wait(follower.wake, min(beat_due, rights_due) - loop.time())


async def _wait(wake: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            await wake.wait()
    except TimeoutError:
        return


async def _still_allowed(ports: Ports, request: HttpRequest, caller: Caller) -> bool:
    """Whether the caller is signed in still, as who they were."""
    try:
        now = await ports.auth.identify(request)
    except Refused:
        return False
    except DatabaseUnavailable:
        return True  # it cannot be known; the next look is in seconds
    return (now.id, now.roles, now.agent_id) == (caller.id, caller.roles, caller.agent_id)


def _farewell(ports: Ports, stream: Stream, reason: str) -> str:
    return event("bye", stream.follower.position, {"at": timestamp(ports.clock.now()), "reason": reason})
