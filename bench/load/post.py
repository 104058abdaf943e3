"""A plain LMTP client: bytes in, the reply to the only recipient out."""

from __future__ import annotations

import asyncio
import smtplib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answered:
    """The last reply of a hand-over; ``inquiry_id`` where it was accepted."""

    code: int
    text: str
    seconds: float

    @property
    def inquiry_id(self) -> str | None:
        return self.text.split()[1] if self.code == 250 else None


async def hand_over(address: str, raw: bytes, *, to: str = "info@shop.example", seconds: float = 15) -> Answered:
    """Deliver ``raw`` exactly as it is."""
    started = asyncio.get_running_loop().time()
    code, text = await asyncio.to_thread(_deliver, address, raw, to, seconds)
    return Answered(code, text.decode("utf-8", "replace"), asyncio.get_running_loop().time() - started)


def _deliver(address: str, raw: bytes, to: str, seconds: float) -> tuple[int, bytes]:
    host, _, port = address.rpartition(":")
    with smtplib.LMTP(host, int(port), local_hostname="load.example", timeout=seconds) as server:
        server.ehlo_or_helo_if_needed()
        server.mail("customer@customers.example")
        server.rcpt(to)
        return server.data(raw)
