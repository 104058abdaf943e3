"""``POST /voicemails``: transcripts as JSON or WebVTT. The call's id makes a repeat the same inquiry."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.responses import Response

from services.ingest import vtt
from services.ingest.answering import WRITERS, Accepted, accepted, body_hash, counted, idempotency_key, traced
from services.ingest.channel import Delivery, Door
from services.ingest.forms import Voicemail
from services.ingest.world import World
from shared.domain.inquiry import Channel
from shared.errors import Refused
from shared.http.body import is_json
from shared.http.caller import Caller

# FastAPI does not read this body, so its parts stand beside it in the document and not among the components.
_PARTS = "#/paths/~1api~1v1~1voicemails/post/requestBody/content/application~1json/schema/$defs/{model}"


def open_channel(world: World) -> Door:
    """The voicemail door."""
    router = APIRouter(prefix="/api/v1", tags=["inquiries"])
    writer: Any = Depends(world.authenticator.require(*WRITERS))

    @router.post("/voicemails", status_code=202, response_model=Accepted, openapi_extra=_documented())
    async def post_voicemail(request: Request, caller: Caller = writer) -> Response:
        """Hand in the transcript of a call: JSON, or WebVTT with the call's data in the query."""
        raw = await request.body()
        with counted(world.metrics, Channel.VOICEMAIL):
            form = _form(request, raw)
            receipt = await world.accept.submit(
                Delivery(
                    caller=caller.id,
                    door="voicemail",
                    channel=Channel.VOICEMAIL,
                    native_id=form.call_id,
                    raw=raw,
                    content_type=request.headers.get("content-type", "")[:100],
                    draft=form.draft(),
                    envelope=traced(request),
                    idempotency_key=idempotency_key(request),
                    body_hash=body_hash(raw, request.url.query.encode()),
                )
            )
        return accepted(receipt)

    return Door("voicemail", router)


def _form(request: Request, raw: bytes) -> Voicemail:
    content_type = request.headers.get("content-type", "")
    try:
        if is_json(content_type):
            return Voicemail.model_validate_json(raw)
        if content_type.partition(";")[0].strip().lower() == "text/vtt":
            segments = [cue.as_segment() for cue in vtt.cues(raw)]
            return Voicemail.model_validate({"segments": segments} | dict(request.query_params))
    except ValidationError as error:
        faults = [{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors(include_url=False)]
        raise RequestValidationError(faults) from error
    raise Refused("unsupported-media-type")


def _documented() -> dict[str, Any]:
    """Body and query for the OpenAPI document: the route reads them itself, as there are two kinds of body."""
    schema = Voicemail.model_json_schema()
    schema["properties"]["segments"]["anyOf"][0]["items"] = schema.pop("$defs")["SegmentForm"]
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schema}, "text/vtt": {"schema": {"type": "string"}}},
        },
        "parameters": [
            {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}
            for name in ("call_id", "from", "to", "language")
        ],
    }
