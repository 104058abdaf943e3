"""The router's API over the company's database, and people who call it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from services.router.api import all_routes
from services.router.api.ports import Ports
from shared.eventlog.memory import MemoryLog
from shared.health import Health
from shared.http.app import create_app
from shared.http.caller import Authenticator
from shared.http.idempotency import IdempotencyStore
from shared.parked_table import PostgresParking
from shared.quarantine import MemoryQuarantine
from shared.quarantine_desk import QuarantineDesk
from shared.telemetry import Metrics
from tests.router.people import People


class Api:
    """Requests in one line: ``await api.get("jana", "/offers")``."""

    def __init__(self, app: FastAPI, people: People, ports: Ports) -> None:
        self.app = app
        self.people = people
        self.ports = ports
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test/api/v1")

    async def ask(self, method: str, who: str | None, path: str, **given: Any) -> httpx.Response:
        headers = dict(given.pop("headers", {}))
        if who is not None:
            headers["Authorization"] = f"Bearer {who}"
        return await self._client.request(method, "http://test/api/v1" + path, headers=headers, **given)

    async def get(self, who: str | None, path: str, **given: Any) -> httpx.Response:
        return await self.ask("GET", who, path, **given)

    async def post(self, who: str | None, path: str, **given: Any) -> httpx.Response:
        return await self.ask("POST", who, path, **given)

    async def put(self, who: str | None, path: str, **given: Any) -> httpx.Response:
        return await self.ask("PUT", who, path, **given)

    async def close(self) -> None:
        await self._client.aclose()


def make_ports(company: Any, people: People) -> Ports:
    return Ports(
        pool=company.pool,
        commands=company.commands,
        rulesets=company.rulesets,
        auth=Authenticator(people),
        idempotency=IdempotencyStore(company.pool),
        clock=company.clock,
        quarantine=QuarantineDesk(company.pool, log=MemoryLog(), quarantine=MemoryQuarantine(), clock=company.clock),
        parking=PostgresParking(company.pool, metrics=Metrics()),
    )


@pytest.fixture
async def api(company: Any) -> AsyncIterator[Api]:
    """The API, with sara, otto, aud and two integrators' keys."""
    people = People()
    ports = make_ports(company, people)
    app = create_app(title="test", routers=[all_routes.routes(ports)], health=Health())
    made = Api(app, people, ports)
    yield made
    await made.close()


@pytest.fixture
async def jana(company: Any, api: Api) -> UUID:
    """An agent who can take billing in English, signed in as ``jana``."""
    agent = await company.agent("jana")
    api.people.seat("jana", agent)
    return agent


@pytest.fixture
async def emma(company: Any, api: Api) -> UUID:
    """Another one."""
    agent = await company.agent("emma")
    api.people.seat("emma", agent)
    return agent


@pytest.fixture
async def waiting(company: Any) -> dict[str, Any]:
    """An inquiry that waits."""
    return (await company.receive(company.inquiry(subject="Invoice")))["inquiry.waiting"]


@pytest.fixture
async def offer(company: Any, jana: UUID, waiting: dict[str, Any]) -> UUID:
    """The same, on offer to jana."""
    return await company.offer(waiting["work_item_id"], jana)
