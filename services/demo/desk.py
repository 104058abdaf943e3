"""A simulated agent: signs in, takes offers, answers chats, completes, and leaves the seat to a person who wants it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx
import structlog

from services.demo.people import Person

_log = structlog.get_logger(__name__)
_LOOK_SECONDS = 2.0
_LEASE_SECONDS = 120
_PATIENCE = (2.0, 7.0)  # seconds before an offer is accepted
_HANDLING = (20.0, 60.0)  # seconds an item is worked on
_ANSWERS = {
    "de": "Guten Tag, hier ist {name}. Ich habe es mir angesehen und kümmere mich sofort darum.",
    "en": "Hello, {name} here. I have looked into it and am putting it right now.",
    "sv": "Hej, det är {name}. Jag har tittat på det och ordnar det direkt.",
    "da": "Hej, det er {name}. Jeg har set på sagen og får den ordnet med det samme.",
    "pl": "Dzień dobry, tu {name}. Sprawdziłam sprawę i od razu się nią zajmuję.",
    "lv": "Labdien, te {name}. Es to apskatīju un tūlīt nokārtošu.",
}

Occupied = Callable[[str], Awaitable[bool]]
"""Whether a person is signed in under this username beside the simulated agent."""


class SimulatedAgent:
    """One seat. Works over the public API only; ``occupied`` tells when a person has taken it."""

    def __init__(self, *, person: Person, password: str, http: str, occupied: Occupied, seed: int) -> None:
        self.name = f"demo-agent-{person.username}"
        self._person = person
        self._password = password
        self._http = http
        self._occupied = occupied
        self._random = random.Random(seed)  # noqa: S311  # a pause, not a secret
        self._in_hand: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        async with httpx.AsyncClient(base_url=self._http + "/api/v1", timeout=15) as client:
            await self._sign_in(client)
            while True:
                if not await self._occupied(self._person.username):
                    await self._look(client)
                await asyncio.sleep(_LOOK_SECONDS)

    async def _sign_in(self, client: httpx.AsyncClient) -> None:
        login = {"username": self._person.username, "password": self._password}
        answer = (await client.post("/login", json=login)).raise_for_status().json()
        client.headers["Authorization"] = f"Bearer {answer['token']}"

    async def _look(self, client: httpx.AsyncClient) -> None:
        lease = {"state": "available", "for_seconds": _LEASE_SECONDS}
        (await client.put("/me/presence", json=lease)).raise_for_status()
        offers = (await client.get("/offers", params={"state": "open"})).raise_for_status().json()["items"]
        busy_with = {task.get_name() for task in self._in_hand}
        for offer in offers:
            if offer["id"] not in busy_with:
                task = asyncio.create_task(self._work(client, offer), name=offer["id"])
                self._in_hand.add(task)
                task.add_done_callback(self._in_hand.discard)

    async def _work(self, client: httpx.AsyncClient, offer: dict[str, Any]) -> None:
        try:
            await asyncio.sleep(self._random.uniform(*_PATIENCE))
            await self._post(client, f"/offers/{offer['id']}/accept", {})
            conversation = f"/conversations/{offer['conversation_id']}"
            await self._answer_chat(client, conversation)
            await asyncio.sleep(self._random.uniform(*_HANDLING))
            await self._post(client, f"{conversation}/complete", {"outcome": "resolved", "note": None})
        except httpx.HTTPError as error:
            _log.info("demo.item_lost", agent=self._person.username, error=type(error).__name__)

    async def _answer_chat(self, client: httpx.AsyncClient, conversation: str) -> None:
        shown = (await client.get(conversation)).raise_for_status().json()
        if shown["messages"][-1]["channel"] == "chat":
            text = _ANSWERS[self._person.language].format(name=self._person.name)
            await self._post(client, f"{conversation}/messages", {"text": text})

    async def _post(self, client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> None:
        (await client.post(path, json=body, headers={"Idempotency-Key": str(uuid4())})).raise_for_status()
