"""Rule sets: list, read, draft, publish. What GET gives may be sent back as it is."""

from __future__ import annotations

import json
from typing import Annotated, Any

import yaml
from fastapi import APIRouter, Depends, Path, Response
from fastapi import Request as HttpRequest

from services.router.api.ports import Ports, by
from services.router.rulesets import RuleSetRecord, parse
from shared.access.caller import Caller
from shared.errors import Fault, Refused
from shared.http.idempotency import once
from shared.http.types import Answer, Limit, Page, Timestamp

JSON, YAML = "application/json", "application/yaml"
_YAML_TYPES = frozenset({YAML, "application/x-yaml", "text/yaml", "text/x-yaml"})
_OURS = ("version", "state")
"""What GET adds to a document in JSON, and POST passes over."""

Version = Annotated[int, Path(ge=0, le=2**31 - 1)]


class RuleSetAnswer(Answer):
    """One numbered version, without its document."""

    version: int
    state: str
    author: str | None
    created_at: Timestamp | None
    published_at: Timestamp | None


class Numbered(Answer):
    """A version and what it is now."""

    version: int
    state: str


def routes(ports: Ports) -> APIRouter:
    """``/api/v1/rulesets…``"""
    router = APIRouter(tags=["rules"])
    _reading(router, ports)
    _writing(router, ports)
    return router


def _reading(router: APIRouter, ports: Ports) -> None:
    reads = Depends(ports.auth.require("operations", "supervisor", "auditor"))
    documents: dict[int | str, dict[str, Any]] = {
        200: {"content": {JSON: {"schema": {"type": "object"}}, YAML: {"schema": {"type": "string"}}}}
    }

    @router.get("/api/v1/rulesets", summary="All versions, newest first")
    async def listed(limit: Limit = 50, after: str | None = None, _: Caller = reads) -> Page[RuleSetAnswer]:
        rows = await ports.rulesets.list(before=_before(after), limit=limit + 1)
        more = str(rows[limit - 1].version) if len(rows) > limit else None
        shown = [{name: getattr(row, name) for name in RuleSetAnswer.model_fields} for row in rows[:limit]]
        return Page(items=[RuleSetAnswer(**row) for row in shown], next=more)

    @router.get("/api/v1/rulesets/live", responses=documents, summary="The version in force, JSON or YAML")
    async def live(request: HttpRequest, _: Caller = reads) -> Response:
        version, _ruleset = await ports.rulesets.live()
        return _document(await ports.rulesets.get(version), request)

    @router.get("/api/v1/rulesets/{version}", responses=documents, summary="One version, JSON or YAML")
    async def read(version: Version, request: HttpRequest, _: Caller = reads) -> Response:
        return _document(await ports.rulesets.get(version), request)


def _writing(router: APIRouter, ports: Ports) -> None:
    writes = Depends(ports.auth.require("operations"))
    body = {
        "requestBody": {
            "required": True,
            "content": {YAML: {"schema": {"type": "string"}}, JSON: {"schema": {"type": "object"}}},
        }
    }

    @router.post(
        "/api/v1/rulesets", status_code=201, response_model=Numbered, openapi_extra=body, summary="Make a draft"
    )
    async def create(request: HttpRequest, caller: Caller = writes) -> Response:
        kind = _kind(request)
        sent = await request.body()

        async def act() -> Numbered:
            source = _own_part(sent) if kind == JSON else sent
            document, _ = parse(source, kind)
            text = source.decode("utf-8-sig")
            version = await ports.rulesets.create(document, text, caller.name)
            return Numbered(version=version, state="draft")

        return await once(request, caller, ports.idempotency, act, status=201)

    @router.post("/api/v1/rulesets/{version}/publish", response_model=Numbered, summary="Put a version in force")
    async def publish(version: Version, request: HttpRequest, caller: Caller = writes) -> Response:
        origin = by(request, caller)

        async def act() -> Numbered:
            await ports.rulesets.publish(version, cause=origin.cause, actor=origin.actor)
            return Numbered(version=version, state="live")

        return await once(request, caller, ports.idempotency, act)


def _kind(request: HttpRequest) -> str:
    """JSON or YAML, as the sender says.

    Raises:
        Refused: ``unsupported-media-type``.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == JSON:
        return JSON
    if kind in _YAML_TYPES:
        return YAML
    raise Refused("unsupported-media-type", f"Send {YAML} or {JSON}.")


def _own_part(sent: bytes) -> bytes:
    try:
        document = json.loads(sent)
    except (ValueError, RecursionError):
        return sent  # told by the parser, with its line
    if not isinstance(document, dict) or not any(name in document for name in _OURS):
        return sent
    return json.dumps({key: value for key, value in document.items() if key not in _OURS}, indent=2).encode()


def _document(record: RuleSetRecord, request: HttpRequest) -> Response:
    tag = {"ETag": f'"{record.version}"', "Vary": "Accept"}
    if "yaml" in request.headers.get("accept", "").lower():
        return Response(_as_yaml(record), headers=tag, media_type=YAML)
    # The database orders keys by their length; people expect queues before the rules that name them.
    parts = {name: record.document[name] for name in ("format", "queues", "rules")}
    shown = {"version": record.version, "state": record.state} | parts
    return Response(json.dumps(shown, ensure_ascii=False), headers=tag, media_type=JSON)


def _as_yaml(record: RuleSetRecord) -> str:
    if record.source.lstrip().startswith("{"):
        return yaml.safe_dump(json.loads(record.source), sort_keys=False, allow_unicode=True)
    return record.source


def _before(after: str | None) -> int | None:
    if after is None:
        return None
    if not after.isascii() or not after.isdigit() or len(after) > 9:
        raise Refused("invalid", "The cursor is not one of ours.", faults=[Fault("/after", "invalid")])
    return int(after)
