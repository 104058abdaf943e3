"""Customers who write through every door, and the one who writes down what they were promised."""

from __future__ import annotations

import asyncio
import json
import random
import smtplib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import uuid4

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from bench.load.deliveries import DOORS, Delivery
from bench.load.post import hand_over

TEXTS = {
    "de": "Meine Kreditkarte wurde für die Rechnung zweimal belastet, bitte prüfen Sie das. Vorgang",
    "en": "My parcel has still not arrived although it was due last Friday. Reference",
    "sv": "Fakturan stämmer inte, ni har dragit pengar två gånger från mitt kort. Ärende",
    "da": "Min ordre er ikke kommet frem endnu, kan I se hvor pakken er? Sag",
    "pl": "Chciałbym zwrócić buty, ponieważ są za małe, proszę o etykietę. Sprawa",
    "lv": "Veļas mašīna pēc remonta nestrādā, lūdzu, atsūtiet meistaru. Lieta",
}
SHARES = ("rest", "rest", "rest", "lmtp", "lmtp", "voicemail", "chat")
_SECONDS = 10.0
_GONE = (httpx.HTTPError, OSError, EOFError, smtplib.SMTPException, WebSocketException)
_PATHS = {"rest": "/api/v1/inquiries", "voicemail": "/api/v1/voicemails"}
_UNSURE = frozenset({"unavailable", "internal"})


@dataclass(frozen=True, slots=True)
class Answer:
    """``ok``: kept, as ``inquiry_id``. ``fail``: refused. ``info``: nobody knows; ``code`` is the door's own word."""

    outcome: Literal["ok", "fail", "info"]
    inquiry_id: str | None = None
    code: str = ""


Door = Callable[[Delivery], Awaitable[Answer]]


class Witness(Protocol):
    """Who writes down what happens, before it goes on."""

    def sending(self, delivery: Delivery) -> None:
        """``delivery`` is about to be sent."""
        ...

    def answered(self, delivery: Delivery, answer: Answer) -> None:
        """``delivery`` was answered, or its line broke."""
        ...


class Senders:
    """Sends to one running product, under the eyes of ``witness``."""

    def __init__(self, *, http: str, lmtp: str, api_key: str, witness: Witness, seed: int) -> None:
        self._client = httpx.AsyncClient(
            base_url=http,
            headers={"Authorization": f"Bearer {api_key}"},
            timeout=_SECONDS,
            limits=httpx.Limits(max_connections=50),
        )
        self._socket_url = http.replace("http", "ws", 1) + "/api/v1/chat?site=demo"
        self._lmtp_address = lmtp
        self._witness = witness
        self._random = random.Random(seed)

    async def run(self, *, rate: float, seconds: float) -> None:
        """Open loop: ``rate`` deliveries a second at fixed times, whatever the product does; none is sent again."""
        loop = asyncio.get_running_loop()
        start = loop.time()
        async with asyncio.TaskGroup() as group:
            for number in range(int(rate * seconds)):
                await asyncio.sleep(max(0.0, start + number / rate - loop.time()))
                text = f"{self._random.choice(list(TEXTS.values()))} {uuid4().hex[:8]}"
                group.create_task(self.deliver(DOORS[self._random.choice(SHARES)](text)))
        await self.close()

    async def deliver(self, delivery: Delivery) -> Answer:
        """Hand ``delivery`` in, once."""
        self._witness.sending(delivery)
        door: Door = getattr(self, f"_{delivery.door}")
        try:
            async with asyncio.timeout(_SECONDS):
                answer = await door(delivery)
        except _GONE as error:
            answer = Answer("info", code=type(error).__name__)
        self._witness.answered(delivery, answer)
        return answer

    async def close(self) -> None:
        """Let the connections go."""
        await self._client.aclose()

    async def _rest(self, delivery: Delivery) -> Answer:
        headers = {"Idempotency-Key": delivery.key, "Content-Type": "application/json"}
        answer = await self._client.post(_PATHS[delivery.door], content=delivery.raw, headers=headers)
        if answer.status_code == httpx.codes.ACCEPTED:
            return Answer("ok", answer.json()["id"])
        refused = answer.is_client_error and answer.status_code != httpx.codes.CONFLICT  # 409: it is under way
        return Answer("fail" if refused else "info", code=str(answer.status_code))

    _voicemail = _rest

    async def _lmtp(self, delivery: Delivery) -> Answer:
        answer = await hand_over(self._lmtp_address, delivery.raw, seconds=_SECONDS)
        if answer.inquiry_id is not None:
            return Answer("ok", answer.inquiry_id)
        # After a 4xx the sender keeps the mail and hands it in again: it may have been committed all the same.
        return Answer("fail" if answer.code >= 500 else "info", code=str(answer.code))

    async def _chat(self, delivery: Delivery) -> Answer:
        async with connect(self._socket_url) as socket:
            return await _say(socket, delivery)


async def _say(socket: ClientConnection, delivery: Delivery) -> Answer:
    session = delivery.session
    assert session is not None
    if session.token is None:
        await socket.send(json.dumps({"type": "start", "name": None, "language": None}))
    else:
        await socket.send(json.dumps({"type": "resume", "token": session.token, "last_seq": session.last_seq}))
    async for frame in socket:
        found = json.loads(frame)
        session.last_seq = max(session.last_seq, found.get("seq", 0))
        if found["type"] in {"started", "resumed"}:
            session.token = found.get("token") or session.token
            words = {"type": "send", "client_id": delivery.key, "text": delivery.raw.decode()}
            await socket.send(json.dumps(words))
        elif found["type"] == "ack" and found["client_id"] == delivery.key:
            return Answer("ok", found["inquiry_id"])
        elif found["type"] == "error":
            return Answer("info" if found["code"] in _UNSURE else "fail", code=found["code"])
    return Answer("info", code="closed")
