"""Somebody at the API with a token of their own, as an integrator's program would be."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from uuid import uuid4

import httpx

from bench.load.product import PASSWORD


class Person:
    """A signed-in user; every method asserts that the answer was a good one."""

    def __init__(self, client: httpx.AsyncClient, agent_id: str | None) -> None:
        self._client = client
        self.agent_id = agent_id

    @classmethod
    @asynccontextmanager
    async def signed_in(cls, http: str, username: str) -> AsyncIterator[Self]:
        async with httpx.AsyncClient(base_url=http + "/api/v1", timeout=15) as client:
            answer = await client.post("/login", json={"username": username, "password": PASSWORD})
            assert answer.status_code == 200, answer.text
            client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
            yield cls(client, answer.json()["user"]["agent_id"])

    async def is_(self, state: str) -> None:
        """Take a presence, by lease."""
        answer = await self._client.put("/me/presence", json={"state": state, "for_seconds": 3_600})
        assert answer.status_code == 200, answer.text
        assert answer.json()["state"] == state

    async def get(self, path: str, **query: str) -> Any:
        answer = await self._client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: object, *, key: str | None = None) -> httpx.Response:
        """The answer, whatever it is."""
        return await self._client.post(path, json=body, headers={"Idempotency-Key": key or uuid4().hex})

    async def does(self, path: str, body: object) -> Any:
        answer = await self.post(path, body)
        assert answer.status_code in {200, 201, 202}, answer.text
        return answer.json()

    async def offer_of(self, inquiry_id: str, *, seconds: float = 2.0) -> dict[str, Any]:
        """The open offer of ``inquiry_id`` to this agent, waited for."""
        deadline = time.monotonic() + seconds
        while True:
            for offer in (await self.get("/offers", state="open"))["items"]:
                if offer["inquiry_id"] == inquiry_id:
                    found: dict[str, Any] = offer
                    return found
            assert time.monotonic() < deadline, f"no offer within {seconds} s"
            await asyncio.sleep(0.02)

    async def ended(self, offer: dict[str, Any], *, seconds: float) -> dict[str, Any]:
        """``offer`` once it is open no more; ``seconds`` from when it was made."""
        deadline = datetime.fromisoformat(offer["made_at"]) + timedelta(seconds=seconds)
        while True:
            for state in ("lapsed", "withdrawn", "declined", "accepted"):
                for other in (await self.get("/offers", state=state))["items"]:
                    if other["id"] == offer["id"]:
                        found: dict[str, Any] = other
                        return found
            assert datetime.now(UTC) < deadline, "still open"
            await asyncio.sleep(0.05)

    async def state_of(self, inquiry_id: str, state: str, *, seconds: float = 5.0) -> dict[str, Any]:
        """The inquiry once it is in ``state``."""
        deadline = time.monotonic() + seconds
        while True:
            shown: dict[str, Any] = await self.get(f"/inquiries/{inquiry_id}")
            if shown["state"] == state:
                return shown
            assert time.monotonic() < deadline, f"still {shown['state']} after {seconds} s, not {state}: {shown}"
            await asyncio.sleep(0.05)

    async def works_off(self, offer: dict[str, Any]) -> dict[str, Any]:
        """Accept and complete; returns the conversation as it was between."""
        await self.does(f"/offers/{offer['id']}/accept", {})
        conversation: dict[str, Any] = await self.get(f"/conversations/{offer['conversation_id']}")
        await self.does(f"/conversations/{offer['conversation_id']}/complete", {"outcome": "resolved", "note": None})
        return conversation
