"""Agents who take each offer at once and complete it at once, over the public API."""

from __future__ import annotations

import asyncio
from typing import Any, Literal
from uuid import uuid4

from bench.load.feed import Feed, Seen
from bench.load.wire import Reply, Wire

LEASE_SECONDS = 43_200
Op = Literal["accept", "complete"]
_COMMANDS: dict[Op, tuple[str, dict[str, Any]]] = {
    "accept": ("/api/v1/offers/{offer}/accept", {}),
    "complete": ("/api/v1/conversations/{conversation}/complete", {"outcome": "resolved", "note": None}),
}


class Agents:
    """``tokens`` by agent id. Offers come from ``feed``; each is accepted after ``pause`` seconds."""

    def __init__(self, address: str, tokens: dict[str, str], *, pause: float = 0.05) -> None:
        self._wire = Wire(address)
        self._tokens = tokens
        self._pause = pause
        self._at_work: set[asyncio.Task[None]] = set()
        self.completed: set[str] = set()
        self.refused: list[Reply] = []

    @classmethod
    async def signed_in(cls, address: str, usernames: list[str], password: str, *, pause: float = 0.05) -> Agents:
        """Sign every user in; each must be an agent."""
        tokens = dict([await sign_in(address, username, password) for username in usernames])
        return cls(address, tokens, pause=pause)

    async def present(self, state: str = "available") -> None:
        """Give every agent a lease that outlasts the run."""
        body = {"state": state, "for_seconds": LEASE_SECONDS}
        for token in self._tokens.values():
            reply = await self._wire.send("PUT", "/api/v1/me/presence", token=token, body=body)
            if reply.status != 200:
                raise RuntimeError(f"presence refused: {reply.status} {reply.body[:200]!r}")

    def follow(self, feed: Feed) -> None:
        """Take what is offered to these agents from now on."""
        feed.listen(self._take)

    async def close(self) -> None:
        """Wait for what is under way, then close the connections."""
        if self._at_work:
            await asyncio.wait(self._at_work, timeout=10)
        await self._wire.close()

    def _take(self, inquiry_id: str, seen: Seen) -> None:
        if seen.agent_id in self._tokens:
            task = asyncio.create_task(self._work(inquiry_id, seen))
            self._at_work.add(task)
            task.add_done_callback(self._at_work.discard)

    async def _work(self, inquiry_id: str, seen: Seen) -> None:
        await asyncio.sleep(self._pause)
        if await self._do("accept", seen) and await self._do("complete", seen):
            self.completed.add(inquiry_id)

    async def _do(self, op: Op, seen: Seen) -> bool:
        """One step of the work; whether it was done."""
        reply = await self._ask(self._wire, op, seen, uuid4().hex)
        if reply.status != 200:
            self.refused.append(reply)
        return reply.status == 200

    async def _ask(self, wire: Wire, op: Op, seen: Seen, key: str) -> Reply:
        path, body = _COMMANDS[op]
        where = path.format(offer=seen.offer_id, conversation=seen.conversation_id)
        headers = {"Idempotency-Key": key}
        return await wire.send("POST", where, token=self._tokens[seen.agent_id], body=body, headers=headers)


async def sign_in(address: str, username: str, password: str) -> tuple[str, str]:
    """Agent id (empty for who is none) and token of ``username``."""
    wire = Wire(address)
    body = {"username": username, "password": password}
    reply = await wire.send("POST", "/api/v1/login", token="none", body=body)
    await wire.close()
    if reply.status != 200:
        raise RuntimeError(f"{username} may not sign in: {reply.status} {reply.body[:200]!r}")
    answer = reply.json()
    return answer["user"]["agent_id"] or "", answer["token"]
