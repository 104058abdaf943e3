"""The product as it is used: one process, the generator beside it, everything over HTTP.

Three requests an inquiry (submit, accept, complete) over kept connections, and operations' feed as the only observer:
it names the agent of every offer, so that three hundred agents need no stream each.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from bench.load.feed import Feed, Seen
from bench.load.product import API_KEY
from bench.load.wire import Wire
from bench.measure.load import Offered


class OverHttp:
    """A ``World`` at ``address``; ``tokens`` by agent id."""

    def __init__(self, address: str, *, tokens: dict[str, str], feed: Feed) -> None:
        self._wire = Wire(address)
        self._tokens = tokens
        self._listener: Callable[[Offered], None] = _nobody
        feed.listen(self._seen)

    async def submit(self, text: str) -> str:
        inquiry_id: str = await self._post("/api/v1/inquiries", {"text": text}, API_KEY, expected=202, give="id")
        return inquiry_id

    async def accept(self, offer: Offered) -> None:
        await self._post(f"/api/v1/offers/{offer.offer_id}/accept", {}, self._tokens[offer.agent_id])

    async def complete(self, offer: Offered) -> None:
        path = f"/api/v1/conversations/{offer.conversation_id}/complete"
        await self._post(path, {"outcome": "resolved", "note": None}, self._tokens[offer.agent_id])

    def listen(self, listener: Callable[[Offered], None]) -> None:
        self._listener = listener

    async def close(self) -> None:
        await self._wire.close()

    def _seen(self, inquiry_id: str, seen: Seen) -> None:
        self._listener(Offered(seen.at, inquiry_id, seen.offer_id, seen.conversation_id, seen.agent_id))

    async def _post(self, path: str, body: object, token: str, *, expected: int = 200, give: str = "") -> str:
        reply = await self._wire.send("POST", path, token=token, body=body, headers={"Idempotency-Key": uuid4().hex})
        if reply.status != expected:
            raise RuntimeError(f"{path.rsplit('/', 1)[-1]}: {reply.status} {reply.body[:120]!r}")
        return str(reply.json()[give]) if give else ""


def _nobody(offer: Offered) -> None:
    """Nobody listens yet."""
