"""Put routes of any service behind one door with the conventions of the contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from shared.http import docs, handlers
from shared.http.body import LARGEST, StrictBody
from shared.http.envelope import Envelope
from shared.http.problems import RESPONSES


class Readiness(Protocol):
    """What the open health pages need to know."""

    def ready(self) -> tuple[bool, Mapping[str, object]]:
        """Whether every part works, and the parts in detail."""
        ...


def create_app(
    *,
    title: str,
    routers: Sequence[APIRouter],
    health: Readiness,
    version: str = "1",
    largest_body: int = LARGEST,
) -> FastAPI:
    """An application that serves ``routers`` and answers everything else with a problem document.

    Bodies are bounded and strict, every answer has a request id and the safety headers, ``/livez``, ``/readyz``,
    ``/openapi.json`` and ``/api/docs`` are open.
    """
    app = FastAPI(
        title=title,
        version=version,
        openapi_url=None,
        redirect_slashes=False,
        responses=RESPONSES,
    )
    handlers.install(app)
    docs.install(app)
    _offer_health(app, health)
    for router in routers:
        app.include_router(router)
    app.add_middleware(StrictBody, largest=largest_body)
    app.add_middleware(Envelope)
    return app


def _offer_health(app: FastAPI, health: Readiness) -> None:
    async def livez(_: Request) -> Response:
        return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})

    async def readyz(_: Request) -> Response:
        ready, _detail = health.ready()
        return JSONResponse(
            {"status": "ready" if ready else "unready"},
            200 if ready else 503,
            headers={"Cache-Control": "no-store"} | ({} if ready else {"Retry-After": "1"}),
        )

    app.add_route("/livez", livez, methods=["GET"], include_in_schema=False)
    app.add_route("/readyz", readyz, methods=["GET"], include_in_schema=False)
