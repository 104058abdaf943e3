"""The operators' own door on ``ADMIN_PORT``: ``/metrics`` for Prometheus, ``/health`` in detail, the probes.

It names parts and faults, so it belongs on loopback or inside a closed network.
"""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shared.health import Health
from shared.telemetry import Metrics


def admin_app(*, health: Health, metrics: Metrics) -> Starlette:
    """An ASGI application with the four pages."""

    async def metrics_page(_: Request) -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    async def health_page(_: Request) -> Response:
        ready, parts = health.ready()
        return _answer(ready, {"status": _word(ready), "failing": health.failing(), "parts": parts})

    async def readyz(_: Request) -> Response:
        ready, _parts = health.ready()
        return _answer(ready, {"status": _word(ready)})

    async def livez(_: Request) -> Response:
        return _answer(True, {"status": "ok"})

    pages = {"/metrics": metrics_page, "/health": health_page, "/readyz": readyz, "/livez": livez}
    return Starlette(routes=[Route(path, page) for path, page in pages.items()])


def _word(ready: bool) -> str:
    return "ready" if ready else "unready"


def _answer(good: bool, content: dict[str, object]) -> Response:
    return JSONResponse(content, 200 if good else 503, headers={"Cache-Control": "no-store"})
