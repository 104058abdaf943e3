"""Ingest as a whole on a real database, with the log in memory and callers made up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from services.ingest.app import Ingest, build, routes
from services.ingest.world import ChatSite, DoorSettings
from shared.access.caller import Caller
from shared.clock import SystemClock
from shared.database.wakeups import Wakeups
from shared.eventlog.memory import MemoryBroker, MemoryLog
from shared.events import RECEIVED
from shared.health import Health
from shared.http.app import create_app
from shared.http.caller import Authenticator
from shared.parking import MemoryParking
from shared.quarantine import MemoryQuarantine
from shared.service import supervise
from shared.telemetry import Metrics
from tests.ingest.wire import Wire

AGENT_ID = UUID("00000000-0000-4000-8000-000000000001")
CALLERS = {
    "shop": Caller(id="key:shop", kind="key", name="shop", roles=frozenset({"integrator"})),
    "other": Caller(id="key:other", kind="key", name="other", roles=frozenset({"integrator"})),
    "otto": Caller(id="user:otto", kind="user", name="otto", roles=frozenset({"operations"})),
    "sara": Caller(id="user:sara", kind="user", name="sara", roles=frozenset({"supervisor"})),
    "aud": Caller(id="user:aud", kind="user", name="aud", roles=frozenset({"auditor"})),
    "jana": Caller(id="user:jana", kind="user", name="jana", roles=frozenset({"agent"}), agent_id=AGENT_ID),
}


class FakeAccess:
    """A token is the caller's name."""

    async def authenticate(self, token: str) -> Caller | None:
        return CALLERS.get(token)


@dataclass
class House:
    """Ingest, running."""

    ingest: Ingest
    app: FastAPI
    broker: MemoryBroker
    log: MemoryLog
    metrics: Metrics
    pool: asyncpg.Pool[asyncpg.Record]
    quarantine: MemoryQuarantine
    addresses: dict[str, str] = field(default_factory=dict)

    def client(self, token: str = "shop") -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app),
            base_url="http://test",
            headers={"Authorization": f"Bearer {token}"},
        )

    def received(self) -> list[dict[str, Any]]:
        """The inquiries on the log, in the order of their partitions."""
        import json

        parts = [self.broker.part(RECEIVED, number) for number in range(8)]
        return [json.loads(record.value)["inquiry"] for part in parts for record in part]

    async def inquiry(self, inquiry_id: str) -> dict[str, Any]:
        """The inquiry once it is on the log."""
        return await eventually(
            lambda: next((each for each in self.received() if each["id"] == inquiry_id), None), what="on the log"
        )


async def eventually(probe: Callable[[], Any], *, within: float = 8.0, what: str = "it") -> Any:
    """What ``probe`` gives as soon as that is true."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    while True:
        found = probe()
        if isinstance(found, Awaitable):
            found = await found
        if found:
            return found
        assert loop.time() < deadline, f"{what} did not happen within {within} s"
        await asyncio.sleep(0.02)


@asynccontextmanager
async def running(database_url: str, pool: asyncpg.Pool[asyncpg.Record], doors: DoorSettings) -> AsyncIterator[House]:
    """Ingest with its loops at work."""
    broker, metrics, health, quarantine = MemoryBroker(), Metrics(), Health(), MemoryQuarantine()
    log, wakeups = MemoryLog(broker), Wakeups(database_url)
    ingest = build(
        database_url=database_url,
        pool=pool,
        log=log,
        wakeups=wakeups,
        clock=SystemClock(),
        metrics=metrics,
        quarantine=quarantine,
        parking=MemoryParking(SystemClock()),
        health=health,
        authenticator=Authenticator(FakeAccess()),
        doors=doors,
    )
    app = create_app(title="ingest", routers=[routes(ingest)], health=health)
    house = House(ingest, app, broker, log, metrics, pool, quarantine)
    work = asyncio.create_task(supervise([wakeups, *ingest.loops], health=health, metrics=metrics))
    try:
        house.addresses = await asyncio.wait_for(ingest.opened(), 5)
        yield house
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


@pytest.fixture
async def wire(database_url: str, tmp_path: Path) -> AsyncIterator[Wire]:
    """The way to the database, to be cut."""
    wire = Wire(database_url, tmp_path)
    await wire.mend()
    yield wire
    await wire.cut()


@pytest.fixture
async def house(wire: Wire, pool: asyncpg.Pool[asyncpg.Record], tmp_path: Path) -> AsyncIterator[House]:
    """Ingest with every door open on a free port."""
    doors = DoorSettings(
        lmtp_port=0,
        mail_folder=tmp_path / "mail-in",
        recipients={"info@shop.example", "billing@shop.example"},
        chat_sites=[
            ChatSite("demo", frozenset(), open_to_own_page=True),
            ChatSite("shop", frozenset({"https://shop.example"})),
        ],
    )
    async with running(wire.url, pool, doors) as house:
        yield house
