"""How a customer of the demo reaches the company: one function a door, over the network like anybody else."""

from __future__ import annotations

import asyncio
import json
import smtplib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formataddr, make_msgid
from typing import Any

import httpx
from websockets.asyncio.client import connect

Script = dict[str, Any]
_TYPING_SECONDS = 4.0
_WAIT_FOR_AGENT_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Doors:
    """Where the doors are, and the key that opens the ones that ask for it."""

    http: str
    lmtp: str
    api_key: str

    async def deliver(self, script: Script) -> None:
        """Send one scripted inquiry through its door; a chat stays until the agent has answered."""
        senders: dict[str, Callable[[Script], Awaitable[None]]] = {
            "mail": self._mail,
            "chat": self._chat,
            "voicemail": self._voicemail,
            "rest": self._post,
            "web": self._post,
        }
        await senders[script["door"]](script)

    async def _mail(self, script: Script) -> None:
        mail = EmailMessage()
        mail["From"] = formataddr((script["name"], script["from"]))
        mail["To"] = script["to"]
        mail["Subject"] = script["subject"]
        mail["Message-ID"] = make_msgid(domain=script["from"].partition("@")[2])
        for name, value in script.get("headers", {}).items():
            mail[name] = value
        mail.set_content(script["text"])
        await asyncio.to_thread(self._hand_over, mail)

    def _hand_over(self, mail: EmailMessage) -> None:
        host, _, port = self.lmtp.rpartition(":")
        with smtplib.LMTP(host, int(port)) as server:
            server.send_message(mail)

    async def _voicemail(self, script: Script) -> None:
        call = {"call_id": f"demo-{make_msgid()}", "from": script["from"], "to": "+49800555000"}
        await self._send("/api/v1/voicemails", call | {"text": script["text"], "duration": 24.0})

    async def _post(self, script: Script) -> None:
        inquiry = {
            "channel": "api" if script["door"] == "rest" else "web",
            "subject": script.get("subject"),
            "text": script["text"],
            "sender": {"name": script["name"], "email": script["from"]},
            "attributes": script.get("attributes", {}),
        }
        await self._send("/api/v1/inquiries", inquiry)

    async def _send(self, path: str, body: dict[str, Any]) -> None:
        async with httpx.AsyncClient(base_url=self.http, timeout=15) as client:
            answer = await client.post(path, json=body, headers={"Authorization": f"Bearer {self.api_key}"})
            answer.raise_for_status()

    async def _chat(self, script: Script) -> None:
        url = self.http.replace("http", "ws", 1) + "/api/v1/chat?site=demo"
        async with connect(url) as socket:
            await socket.send(json.dumps({"type": "start", "name": script["name"], "language": script["language"]}))
            for number, line in enumerate(script["lines"]):
                await socket.send(json.dumps({"type": "send", "client_id": f"line-{number}", "text": line}))
                await asyncio.sleep(_TYPING_SECONDS)
            async with asyncio.timeout(_WAIT_FOR_AGENT_SECONDS):
                async for frame in socket:
                    if json.loads(frame)["type"] == "ended":
                        return
