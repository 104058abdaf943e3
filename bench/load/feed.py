"""The one observer of a load run: operations' feed, which tells every offer of every agent over one connection.

Three hundred agents with a live stream each would cost the generator more than the product; the feed names the agent
of each offer, so one reader serves them all.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.load.wire import Wire


@dataclass(frozen=True, slots=True)
class Seen:
    """An offer, and when the feed told it."""

    at: float
    agent_id: str
    offer_id: str
    conversation_id: str
    work_item_id: str


class Feed:
    """Follows the feed of ``address``; ``offers`` has the first offer of each inquiry, ``count`` every fact by type."""

    def __init__(self, address: str, *, token: str) -> None:
        self._wire = Wire(address)
        self._token = token
        self._changed = asyncio.Event()
        self._listeners: list[Callable[[str, Seen], None]] = []
        self._hearers: list[Callable[[dict[str, Any]], None]] = []
        self._position: int | None = None
        self.offers: dict[str, Seen] = {}
        self.ended: dict[str, str] = {}
        self.count: dict[str, int] = {}

    def listen(self, listener: Callable[[str, Seen], None]) -> None:
        """Call ``listener(inquiry_id, seen)`` for each offer from now on, in the loop's thread."""
        self._listeners.append(listener)

    def hear(self, hearer: Callable[[dict[str, Any]], None]) -> None:
        """Call ``hearer`` with every CloudEvent from now on, repeats too."""
        self._hearers.append(hearer)

    def move(self, address: str) -> None:
        """Follow ``address`` from the next ``run`` on, where it was left."""
        self._wire = Wire(address)

    async def run(self, *, connected: asyncio.Event) -> None:
        """Follow until cancelled; sets ``connected`` once nothing can be missed. Once more, it goes on where it was.

        Raises:
            OSError, EOFError: the other side broke off.
        """
        if self._position is None:
            reply = await self._wire.send("GET", "/api/v1/state?views=feed", token=self._token)
            await self._wire.close()
            self._position = int(reply.json()["position"])
        connected.set()
        path = f"/api/v1/events?views=feed&after={self._position}"
        async for event in self._wire.stream(path, token=self._token):
            for line in event.split(b"\n"):
                if line.startswith(b"data:") and b'"specversion"' in line:
                    self._read(json.loads(line[5:]))

    async def offered(self, inquiry_id: str, *, seconds: float) -> Seen:
        """The offer of ``inquiry_id``.

        Raises:
            TimeoutError: there was none within ``seconds``.
        """
        await self.until(lambda: inquiry_id in self.offers, seconds=seconds)
        return self.offers[inquiry_id]

    async def until(self, condition: Callable[[], bool], *, seconds: float) -> None:
        """Wait for facts until ``condition`` holds."""
        async with asyncio.timeout(seconds):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    def _read(self, event: dict[str, Any]) -> None:
        self._position = event["sequence"]
        for hearer in self._hearers:
            hearer(event)
        name = event["type"].removeprefix("inquiryrouter.").removesuffix(".v1")
        self.count[name] = self.count.get(name, 0) + 1
        data = event["data"]
        if name == "offer.made":
            seen = Seen(
                time.monotonic(), data["agent_id"], data["offer_id"], data["conversation_id"], data["work_item_id"]
            )
            self.offers.setdefault(event["subject"], seen)
            for listener in self._listeners:
                listener(event["subject"], seen)
        elif name in {"assignment.ended", "inquiry.closed"}:
            self.ended[event["subject"]] = name
        self._changed.set()
