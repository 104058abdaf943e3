"""Customers at fixed times through every door. Who is not answered tries again elsewhere, and some give up."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from uuid import uuid4

from bench.chaos.members import Service
from bench.load import deliveries
from bench.load.deliveries import DOORS, Delivery, Session
from bench.load.product import API_KEY
from bench.load.senders import SHARES, TEXTS, Senders, Witness

_GIVE_UP = 0.25
_PATIENCE_SECONDS = 30.0
_MESSAGES = 3
_TALKATIVE = {"chat": 1.0, "rest": 0.3}
"""How many of a door's customers write more than once."""


class Customers:
    """Write to any of the ``doors``; a conversation goes on only while each of its messages was acknowledged."""

    def __init__(self, doors: Sequence[Service], *, witness: Witness, seed: int) -> None:
        self._random = random.Random(seed)
        self._senders = [
            Senders(http=door.http, lmtp=door.lmtp, api_key=API_KEY, witness=witness, seed=seed) for door in doors
        ]
        self._talking: list[Delivery] = []
        self._under_way: set[asyncio.Task[None]] = set()

    async def write(self, *, rate: float) -> None:
        """Open loop until cancelled: ``rate`` deliveries a second, whatever the product does."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due += 1 / rate
            await asyncio.sleep(max(0.0, due - loop.time()))
            task = asyncio.create_task(self._until_known(self._next()))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def close(self) -> None:
        """Wait for what is under way."""
        if self._under_way:
            await asyncio.wait(self._under_way)
        for sender in self._senders:
            await sender.close()

    def _next(self) -> Delivery:
        door = self._random.choice(SHARES)
        text = f"{self._random.choice(list(TEXTS.values()))} {uuid4().hex[:8]}"
        going_on = next((said for said in self._talking if said.door == door), None)
        if going_on is not None:
            self._talking.remove(going_on)
            return _continued(going_on, text)
        if self._random.random() < _TALKATIVE.get(door, 0.0):
            return _begun(door, text)
        return DOORS[door](text)

    async def _until_known(self, delivery: Delivery) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _PATIENCE_SECONDS
        while loop.time() < deadline:
            answer = await self._random.choice(self._senders).deliver(delivery)
            if answer.outcome == "ok" and delivery.conv is not None and delivery.seq < _MESSAGES:
                self._talking.append(delivery)
            if answer.outcome != "info" or self._random.random() < _GIVE_UP:
                return
            await asyncio.sleep(self._random.uniform(0.2, 1.0))


def _begun(door: str, text: str) -> Delivery:
    conv = uuid4().hex
    if door == "chat":
        return deliveries.chat(text, session=Session(), conv=conv, seq=1)
    return deliveries.rest(text, conv=conv, seq=1)


def _continued(said: Delivery, text: str) -> Delivery:
    if said.door == "chat":
        return deliveries.chat(text, session=said.session, conv=said.conv, seq=said.seq + 1)
    return deliveries.rest(text, conv=said.conv, seq=said.seq + 1)
