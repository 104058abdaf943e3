"""The services apart, several of each, over either log: from a mail to an accepted offer, and down in order."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from tests.system.kafka.apart import SWEDISH, TO_STOP, apart
from tests.system.person import Person

pytestmark = pytest.mark.system

DANISH = "Hej, min pakke er ikke kommet frem endnu. Kan I se, hvor den er henne?"


@pytest.fixture(params=["kafka", "postgres"])
def log_url(request: pytest.FixtureRequest) -> str:
    if request.param == "postgres":
        return "postgres:"
    own = request.getfixturevalue("broker")
    own.start()
    return f"kafka://{own.bootstrap}"


async def test_a_mail_becomes_an_accepted_offer_and_everything_ends_in_time(
    log_url: str, database_url: str, pool: Any
) -> None:
    async with apart(database_url, pool, log_url, each=(2, 2, 2)) as services:
        assert all(await asyncio.gather(*(services.ready(product) for product in services.services)))
        async with Person.signed_in(services.routers[0].run["http"], "mads") as mads:
            await mads.is_("available")
            await services.mail(DANISH)
            inquiry_id = await _inquiry(pool, "da")
            await mads.works_off(await mads.offer_of(inquiry_id, seconds=10))
        async with Person.signed_in(services.routers[1].run["http"], "astrid") as astrid:
            await astrid.is_("available")
            await astrid.works_off(await astrid.offer_of(await services.post(1, text=SWEDISH), seconds=10))
        told = time.monotonic()
        for product in services.services:
            assert product.process is not None
            product.process.terminate()
        assert [product.stop() for product in services.services] == [0] * len(services.services)
        assert time.monotonic() - told < TO_STOP


async def _inquiry(pool: Any, language: str) -> str:
    deadline = time.monotonic() + 15
    while (
        found := await pool.fetchval("SELECT inquiry_id FROM router.work_item WHERE language = $1", language)
    ) is None:
        assert time.monotonic() < deadline, "no work"
        await asyncio.sleep(0.05)
    return str(found)
