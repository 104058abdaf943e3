"""Customers who write through every door and write down what they were promised. A broken line is not retried."""

from __future__ import annotations

import asyncio
import json
import random
import smtplib
from email.message import EmailMessage
from uuid import uuid4

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from bench.load.ledger import Ledger

TEXTS = {
    "de": "Meine Kreditkarte wurde für die Rechnung zweimal belastet, bitte prüfen Sie das. Vorgang",
    "en": "My parcel has still not arrived although it was due last Friday. Reference",
    "sv": "Fakturan stämmer inte, ni har dragit pengar två gånger från mitt kort. Ärende",
    "da": "Min ordre er ikke kommet frem endnu, kan I se hvor pakken er? Sag",
    "pl": "Chciałbym zwrócić buty, ponieważ są za małe, proszę o etykietę. Sprawa",
    "lv": "Veļas mašīna pēc remonta nestrādā, lūdzu, atsūtiet meistaru. Lieta",
}
DOORS = ("rest", "rest", "rest", "lmtp", "lmtp", "voicemail", "chat")
_GONE = (httpx.HTTPError, OSError, smtplib.SMTPException, TimeoutError)


class Senders:
    """Sends to one running product; every acknowledgement goes into ``ledger`` the moment it is read."""

    def __init__(self, *, http: str, lmtp: str, api_key: str, ledger: Ledger, seed: int) -> None:
        self._client = httpx.AsyncClient(
            base_url=http,
            headers={"Authorization": f"Bearer {api_key}"},
            timeout=10,
            limits=httpx.Limits(max_connections=50),
        )
        self._socket_url = http.replace("http", "ws", 1) + "/api/v1/chat?site=demo"
        self._lmtp_address = lmtp
        self._ledger = ledger
        self._random = random.Random(seed)

    async def run(self, *, rate: float, seconds: float) -> None:
        """Open loop: ``rate`` deliveries a second at fixed times, whatever the product does."""
        loop = asyncio.get_running_loop()
        start = loop.time()
        async with asyncio.TaskGroup() as group:
            for number in range(int(rate * seconds)):
                await asyncio.sleep(max(0.0, start + number / rate - loop.time()))
                group.create_task(self.send(self._random.choice(DOORS)))
        await self._client.aclose()

    async def send(self, door: str) -> None:
        """One delivery; a door that breaks off or refuses promised nothing."""
        text = f"{self._random.choice(list(TEXTS.values()))} {uuid4().hex[:8]}"
        try:
            inquiry_id = await getattr(self, f"_{door}")(text)
        except _GONE:
            return
        if inquiry_id is not None:
            self._ledger.promise(inquiry_id, door)

    async def _rest(self, text: str) -> str | None:
        return await self._post("/api/v1/inquiries", {"text": text})

    async def _voicemail(self, text: str) -> str | None:
        return await self._post("/api/v1/voicemails", {"call_id": uuid4().hex, "from": "+37120000000", "text": text})

    async def _post(self, path: str, body: dict[str, str]) -> str | None:
        answer = await self._client.post(path, json=body, headers={"Idempotency-Key": uuid4().hex})
        return answer.json()["id"] if answer.status_code == 202 else None

    async def _lmtp(self, text: str) -> str | None:
        return await asyncio.to_thread(self._hand_over, text)

    async def _chat(self, text: str) -> str | None:
        try:
            async with asyncio.timeout(10), connect(self._socket_url) as socket:
                return await _say(socket, text)
        except WebSocketException as error:
            raise ConnectionError(str(error)) from error

    def _hand_over(self, text: str) -> str | None:
        mail = EmailMessage()
        mail["From"] = f"{uuid4().hex[:6]}@customers.example"
        mail["To"] = "info@shop.example"
        mail["Subject"] = text[:40]
        mail["Message-ID"] = f"<{uuid4()}@customers.example>"
        mail.set_content(text)
        host, _, port = self._lmtp_address.rpartition(":")
        with smtplib.LMTP(host, int(port), local_hostname="load.example", timeout=10) as server:
            server.ehlo_or_helo_if_needed()
            server.mail(mail["From"])
            server.rcpt(mail["To"])
            code, reply = server.data(mail.as_bytes())
        return reply.decode().split()[1] if code == 250 else None


async def _say(socket: ClientConnection, text: str) -> str | None:
    await socket.send(json.dumps({"type": "start", "name": None, "language": None}))
    await socket.recv()
    await socket.send(json.dumps({"type": "send", "client_id": "1", "text": text}))
    async for frame in socket:
        answer = json.loads(frame)
        if answer["type"] == "ack":
            inquiry_id: str = answer["inquiry_id"]
            return inquiry_id
        if answer["type"] == "error":
            return None
    return None
