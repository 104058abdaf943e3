"""The open pages about the API itself: OpenAPI 3.1, AsyncAPI 3, and a page to read by, from this host alone."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from shared import asyncapi
from shared.http.problems import Problem

OPENAPI_PATH = "/openapi.json"
ASYNCAPI_PATH = "/asyncapi.yaml"
DOCS_PATH = "/api/docs"


def install(app: FastAPI) -> None:
    """Offer the pages on ``app``, made when first asked for."""
    made: dict[str, Any] = {}
    described: list[str] = []

    def document() -> dict[str, Any]:
        if not made:
            made.update(_document(app))
        return made

    async def openapi(_: Request) -> Response:
        return JSONResponse(document())

    async def events(_: Request) -> Response:
        if not described:
            described.append(asyncapi.text())
        return Response(described[0], media_type="application/yaml")

    async def docs(_: Request) -> Response:
        return HTMLResponse(_page(document()))

    app.openapi = document  # type: ignore[method-assign]
    app.add_route(OPENAPI_PATH, openapi, methods=["GET"], include_in_schema=False)
    app.add_route(ASYNCAPI_PATH, events, methods=["GET"], include_in_schema=False)
    app.add_route(DOCS_PATH, docs, methods=["GET"], include_in_schema=False)


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(title=app.title, version=app.version, openapi_version="3.1.0", routes=app.routes)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    return document


def _page(document: dict[str, Any]) -> str:
    operations = "".join(
        _operation(method, path, operation)
        for path, methods in sorted(document.get("paths", {}).items())
        for method, operation in methods.items()
    )
    schemas = "".join(
        f'<h3 id="{escape(name)}">{escape(name)}</h3><pre>{_pretty(schema)}</pre>'
        for name, schema in sorted(document["components"]["schemas"].items())
    )
    title = escape(document["info"]["title"])
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head><body><main>'
        f'<h1>{title}</h1><p>The same as a document for programs: <a href="{OPENAPI_PATH}">{OPENAPI_PATH}</a>'
        f' · the event log: <a href="{ASYNCAPI_PATH}">{ASYNCAPI_PATH}</a></p>'
        f"<h2>Operations</h2>{operations}<h2>Schemas</h2>{schemas}</main></body></html>"
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    about = operation.get("description") or operation.get("summary", "")
    details = {key: operation[key] for key in ("parameters", "requestBody", "responses") if key in operation}
    return (
        f"<details><summary><code>{method.upper()} {escape(path)}</code> {escape(operation.get('summary', ''))}"
        f"</summary><p>{escape(about)}</p><pre>{_pretty(details)}</pre></details>"
    )


def _pretty(value: Any) -> str:
    return escape(json.dumps(value, indent=2, ensure_ascii=False))
