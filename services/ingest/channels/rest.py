"""``POST /inquiries`` for programs, web forms and desks, and the reads of what became of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime
from starlette.responses import Response

from services.ingest.answering import (
    WRITERS,
    Accepted,
    accepted,
    body_hash,
    counted,
    idempotency_key,
    native_id,
    traced,
)
from services.ingest.channel import Delivery, Door
from services.ingest.forms import NewInquiry
from services.ingest.store.reads import Filter
from services.ingest.views import InquiryView, may_read, view
from services.ingest.world import World
from shared.access.caller import INTEGRATOR
from shared.domain.inquiry import Channel
from shared.domain.work import InquiryState
from shared.errors import Refused
from shared.http.caller import Caller
from shared.http.types import Limit, Page, decode_cursor, encode_cursor

_LARGEST_ID = 1_000
_LOOKS = 8
_LOOK_SECONDS = 0.05


def open_channel(world: World) -> Door:
    """The REST door."""
    router = APIRouter(prefix="/api/v1", tags=["inquiries"])
    _offer_post(router, world)
    _offer_reads(router, world)
    return Door("rest", router)


def _offer_post(router: APIRouter, world: World) -> None:
    writer: Any = Depends(world.authenticator.require(*WRITERS))

    @router.post("/inquiries", status_code=202, response_model=Accepted)
    async def post_inquiry(request: Request, body: NewInquiry, caller: Caller = writer) -> Response:
        """Hand an inquiry in. A 202 is committed; repeat under the same Idempotency-Key whenever in doubt."""
        raw = await request.body()
        key = idempotency_key(request)
        with counted(world.metrics, Channel(body.channel)):
            receipt = await world.accept.submit(
                Delivery(
                    caller=caller.id,
                    door="rest",
                    channel=Channel(body.channel),
                    native_id=native_id(key),
                    raw=raw,
                    content_type="application/json",
                    draft=body.draft(caller.id),
                    envelope=traced(request),
                    idempotency_key=key,
                    body_hash=body_hash(raw),
                )
            )
        return accepted(receipt)


async def _once_offered(world: World, inquiry_id: UUID, caller: Caller) -> Mapping[str, Any] | None:
    """The row; what the router has just offered to an agent may still be on its way to us."""
    for _ in range(_LOOKS):
        await asyncio.sleep(_LOOK_SECONDS)
        row = await world.reads.one(inquiry_id)
        if row is None or may_read(caller, row):
            return row
    return None


def _offer_reads(router: APIRouter, world: World) -> None:
    anybody: Any = Depends(world.authenticator.caller)
    operations: Any = Depends(world.authenticator.require("operations", INTEGRATOR))

    @router.get("/inquiries/{inquiry_id}", response_model=InquiryView)
    async def get_inquiry(inquiry_id: UUID, caller: Caller = anybody) -> InquiryView:
        """What has become of an inquiry; somebody else's is as unknown as one that never was."""
        row = await world.reads.one(inquiry_id)
        if row is not None and caller.agent_id is not None and not may_read(caller, row):
            row = await _once_offered(world, inquiry_id, caller)
        if row is None or not may_read(caller, row):
            raise Refused("not-found")
        return view(caller, row)

    @router.get("/inquiries", response_model=Page[InquiryView])
    async def list_inquiries(
        caller: Caller = operations,
        message_id: Annotated[str | None, Query(max_length=_LARGEST_ID)] = None,
        state: InquiryState | None = None,
        channel: Channel | None = None,
        since: AwareDatetime | None = None,
        after: str | None = None,
        limit: Limit = 50,
    ) -> Page[InquiryView]:
        """Inquiries, newest first: all for operations, an integrator's own."""
        wanted = Filter(
            caller=None if caller.has("operations") else caller.id,
            message_id=f"mail:{message_id.strip().strip('<>')}".replace("\x00", "") if message_id else None,
            state=state.value if state else None,
            channel=channel.value if channel else None,
            since=since,
            before=decode_cursor(after)[1] if after else None,
        )
        rows = await world.reads.page(wanted, limit + 1)
        last = rows[limit - 1] if len(rows) > limit else None
        return Page(
            items=[view(caller, row) for row in rows[:limit]],
            next=encode_cursor(last["received_at"], last["id"]) if last else None,
        )
