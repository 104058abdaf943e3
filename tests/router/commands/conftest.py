"""Jana, an inquiry that waits, and the offer of it to her."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest


@pytest.fixture
async def jana(company: Any) -> UUID:
    return await company.agent("jana")


@pytest.fixture
async def waiting(company: Any) -> dict[str, Any]:
    return (await company.receive(company.inquiry()))["inquiry.waiting"]


@pytest.fixture
async def offer(company: Any, jana: UUID, waiting: dict[str, Any]) -> UUID:
    return await company.offer(waiting["work_item_id"], jana)
