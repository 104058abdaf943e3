"""Two routers on one database: one decides, the other takes over, and who slept through it does nothing any more."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

import httpx
import pytest

from bench.load.agents import sign_in
from bench.load.feed import Feed
from bench.load.product import API_KEY, COMMAND, PASSWORD, Product
from tests.system.installation import installation
from tests.system.person import Person

pytestmark = pytest.mark.system

TAKE_OVER = 10.0
ASLEEP = 30.0
TEXTS = {
    "astrid": "Hej, jag har inte fått mitt paket än. Kan ni se var det är någonstans?",
    "mads": "Hej, min pakke er ikke kommet frem endnu. Kan I se, hvor den er henne?",
    "piotr": "Dzień dobry, moja paczka jeszcze nie przyszła. Gdzie ona jest?",
    "ilze": "Labdien, mans sūtījums vēl nav pienācis. Kur tas ir?",
}


@dataclass(frozen=True)
class Apart:
    """Services as processes of their own on one database."""

    ingest: Product
    routers: tuple[Product, Product]
    database_url: str

    async def active(self, among: tuple[Product, ...], *, seconds: float) -> Product:
        """The router that decides, waited for; two at once fail the test."""
        deadline = time.monotonic() + seconds
        async with httpx.AsyncClient(timeout=2) as client:
            while time.monotonic() < deadline:
                deciding = [router for router in among if await _decides(client, router)]
                assert len(deciding) <= 1, "two dispatchers at once"
                if deciding:
                    return deciding[0]
                await asyncio.sleep(0.05)
        raise AssertionError(f"no dispatcher within {seconds} s")

    async def post(self, text: str) -> str:
        async with self._integrator() as client:
            answer = await client.post("/inquiries", json={"text": text})
        assert answer.status_code == 202, answer.text
        inquiry_id: str = answer.json()["id"]
        return inquiry_id

    async def waits(self, inquiry_id: str, *, seconds: float = 5.0) -> None:
        """Wait until ``inquiry_id`` waits for an agent."""
        deadline = time.monotonic() + seconds
        async with self._integrator() as client:
            while (shown := (await client.get(f"/inquiries/{inquiry_id}")).json())["state"] != "waiting":
                assert time.monotonic() < deadline, shown
                await asyncio.sleep(0.05)

    def _integrator(self) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {API_KEY}"}
        return httpx.AsyncClient(base_url=self.ingest.run["http"] + "/api/v1", headers=headers, timeout=15)


async def test_the_second_router_takes_over_within_ten_seconds_of_the_first_ones_death(database_url: str) -> None:
    async with _apart(database_url) as apart:
        first = await apart.active(apart.routers, seconds=TAKE_OVER)
        (second,) = (router for router in apart.routers if router is not first)
        first.kill(database=False)
        killed = time.monotonic()
        assert await apart.active((second,), seconds=TAKE_OVER) is second
        assert time.monotonic() - killed <= TAKE_OVER
        async with Person.signed_in(second.run["http"], "ilze") as ilze:
            await ilze.is_("available")
            await ilze.works_off(await ilze.offer_of(await apart.post(TEXTS["ilze"]), seconds=5))


async def test_a_dispatcher_that_slept_for_thirty_seconds_offers_nothing_twice(database_url: str) -> None:
    async with _apart(database_url) as apart, AsyncExitStack() as people:
        sleeper = await apart.active(apart.routers, seconds=TAKE_OVER)
        (other,) = (router for router in apart.routers if router is not sleeper)
        waiting = {name: await apart.post(text) for name, text in TEXTS.items()}
        agents = {name: await people.enter_async_context(Person.signed_in(other.run["http"], name)) for name in waiting}
        for inquiry_id in waiting.values():
            await apart.waits(inquiry_id)
        feed = await people.enter_async_context(_watching(other))
        asleep = time.monotonic()
        _signal(sleeper, signal.SIGSTOP)
        for agent in agents.values():
            await agent.is_("available")
        await apart.active((other,), seconds=ASLEEP)
        offers = {name: await agents[name].offer_of(inquiry_id, seconds=5) for name, inquiry_id in waiting.items()}
        await asyncio.sleep(
            max(0.0, ASLEEP - (time.monotonic() - asleep))
        )  # the fault itself, not a wait for an effect
        _signal(sleeper, signal.SIGCONT)
        await _has_stepped_down(sleeper)
        for name, text in TEXTS.items():
            await agents[name].works_off(offers[name])
            waiting[f"{name} again"] = await apart.post(f"{text} (2)")
        await feed.until(lambda: feed.offers.keys() >= set(waiting.values()), seconds=10)
        assert feed.count["offer.made"] == len(waiting), "each inquiry was offered once"
        assert feed.count.get("offer.lapsed", 0) == 0


async def _has_stepped_down(router: Product) -> None:
    deadline = time.monotonic() + TAKE_OVER
    async with httpx.AsyncClient(timeout=2) as client:
        while await _decides(client, router):
            assert time.monotonic() < deadline, "it still believes that it decides"
            await asyncio.sleep(0.05)


async def _decides(client: httpx.AsyncClient, router: Product) -> bool:
    try:
        metrics = (await client.get(router.run["admin"] + "/metrics")).text
    except httpx.HTTPError:
        return False
    return "\ninquiry_router_dispatcher_active 1.0" in metrics


def _signal(router: Product, number: signal.Signals) -> None:
    assert router.process is not None
    router.process.send_signal(number)


@asynccontextmanager
async def _watching(router: Product) -> AsyncIterator[Feed]:
    _, token = await sign_in(router.run["http"], "otto", PASSWORD)
    feed = Feed(router.run["http"], token=token)
    connected = asyncio.Event()
    following = asyncio.create_task(feed.run(connected=connected))
    await asyncio.wait_for(connected.wait(), 10)
    try:
        yield feed
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following


@asynccontextmanager
async def _apart(database_url: str) -> AsyncIterator[Apart]:
    serve = {name: (COMMAND[0], "serve", name) for name in ("ingest", "classifier", "router")}
    with (
        installation(command=serve["ingest"], DATABASE_URL=database_url) as ingest,
        installation(command=serve["classifier"], DATABASE_URL=database_url) as classifier,
        installation(command=serve["router"], DATABASE_URL=database_url) as one,
        installation(command=serve["router"], DATABASE_URL=database_url) as two,
    ):
        _load_the_company(ingest)
        for product in (ingest, classifier, one, two):
            await product.start()
        yield Apart(ingest, (one, two), database_url)


def _load_the_company(product: Product) -> None:
    environment = {"DATA_DIR": str(product.folder / "data"), "DEMO_PASSWORD": PASSWORD, "DEMO_API_KEY": API_KEY}
    subprocess.run(
        [COMMAND[0], "migrate", "--demo"],
        env={"PATH": "/usr/bin:/bin", "HOME": str(product.folder)} | environment | product.environment,
        check=True,
        capture_output=True,
    )
