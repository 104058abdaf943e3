"""A quiet demo company, one browser, and a customer's program to send inquiries with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from playwright.async_api import Browser, async_playwright

from bench.load.product import API_KEY, Product
from tests.system.installation import installation

ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="module")
def company() -> Iterator[Product]:
    """Running, nothing waiting, nobody available, time enough to look at an offer."""
    with installation(DEMO_OFFER_SECONDS="60") as product:
        asyncio.run(product.start())
        yield product


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield chromium
        await chromium.close()


@pytest.fixture
async def customer(company: Product) -> AsyncIterator[httpx.AsyncClient]:
    """Posts inquiries to the company with an integrator's key."""
    headers = {"Authorization": f"Bearer {API_KEY}"}
    async with httpx.AsyncClient(base_url=company.run["http"] + "/api/v1", headers=headers, timeout=15) as client:
        yield client
