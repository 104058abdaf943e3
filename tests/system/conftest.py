"""A quiet demo company for the tests of one file."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from bench.load.product import Product
from tests.system.installation import installation

OFFER_SECONDS = 4


@pytest.fixture(scope="module")
def quiet() -> Iterator[Product]:
    """Running, nothing waiting, nobody available, offers that lapse soon."""
    with installation(DEMO_OFFER_SECONDS=str(OFFER_SECONDS)) as product:
        asyncio.run(product.start())
        yield product
