"""Hostile JSON at the HTTP doors of the real product: taken, or refused by a problem that echoes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from bench.load.product import API_KEY, Product
from tests.hostile.bodies import Body, bodies
from tests.system.installation import installation

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    with installation() as product:
        asyncio.run(product.start())
        yield product


def test_there_are_at_least_fourteen() -> None:
    assert len(bodies()) >= 14


@pytest.mark.parametrize("door", ["inquiries", "voicemails"])
@pytest.mark.parametrize("body", bodies(), ids=lambda body: body.id)
def test_a_hostile_body_is_taken_or_refused_with_a_problem(product: Product, door: str, body: Body) -> None:
    raw = body.at(door)
    headers = {"Authorization": f"Bearer {API_KEY}", "Content-Type": "application/json"}
    answer = httpx.post(f"{product.run['http']}/api/v1/{door}", content=raw, headers=headers, timeout=10)
    assert answer.status_code in body.statuses
    assert answer.elapsed.total_seconds() < 2
    if answer.status_code == 202:
        shown = httpx.get(product.run["http"] + answer.headers["location"], headers=headers)
        assert shown.status_code == 200
    else:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code
        assert len(answer.content) < 5_000, "a problem echoes no input"
