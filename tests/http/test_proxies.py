"""Who asks, and by which scheme, is believed of proxies that are named, and of nobody else."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from services.serving import Serving


async def seen(proxies: str, forwarded_for: str) -> list[str]:
    """The asker's address and the scheme, as a route sees them."""

    async def answer(request: Request) -> JSONResponse:
        assert request.client is not None
        return JSONResponse([request.client.host, request.url.scheme])

    serving = Serving(Starlette(routes=[Route("/", answer)]), host="127.0.0.1", port=0, name="TEST", proxies=proxies)
    await serving.start()
    try:
        headers = {"X-Forwarded-For": forwarded_for, "X-Forwarded-Proto": "https"}
        async with httpx.AsyncClient(base_url=serving.url) as client:
            found: list[str] = (await client.get("/", headers=headers)).json()
            return found
    finally:
        await serving.stop()


@pytest.mark.parametrize(
    ("proxies", "forwarded_for", "expected"),
    [
        ("127.0.0.1", "203.0.113.7", ["203.0.113.7", "https"]),
        ("10.0.0.0/8,127.0.0.0/8", "203.0.113.7, 10.1.2.3", ["203.0.113.7", "https"]),
        ("127.0.0.1", "198.51.100.1, 203.0.113.7", ["203.0.113.7", "https"]),
        ("10.0.0.0/8", "203.0.113.7", ["127.0.0.1", "http"]),
    ],
)
async def test_only_named_proxies_are_believed(proxies: str, forwarded_for: str, expected: list[str]) -> None:
    assert await seen(proxies, forwarded_for) == expected
