"""LMTP from a mail server in front of us: ``250 2.0.0 <id> accepted`` after the commit, for each recipient."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import partial

import asyncpg
import structlog

from services.ingest.channel import Door
from services.ingest.lmtp_session import Dialogue
from services.ingest.mail_delivery import mail
from services.ingest.opening import Opening
from services.ingest.world import World
from shared.domain.inquiry import Channel
from shared.errors import Temporary

log = structlog.get_logger(__name__)
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # told, not bound


def open_channel(world: World) -> Door:
    """The LMTP door, if it has a port."""
    if world.doors.lmtp_port is None:
        return Door("lmtp")
    server = LmtpServer(world, world.doors.lmtp_host, world.doors.lmtp_port)
    return Door("lmtp", loops=[server], opened=server.opening.wait)


class LmtpServer:
    """Listens; stays open while the database is away, and says 451 then."""

    name = "ingest.lmtp"

    def __init__(self, world: World, host: str, port: int) -> None:
        self._world = world
        self._host = host
        self._port = port
        self.opening = Opening("LMTP_PORT")
        self._dialogues: set[Dialogue] = set()
        known = world.doors.recipients
        self._recipients = None if known is None else frozenset(address.casefold() for address in known)

    async def run(self) -> None:
        """Serve until cancelled."""
        # The library logs addresses and commands of peers, which are our customers'.
        logging.getLogger("mail.log").setLevel(logging.CRITICAL)
        loop = asyncio.get_running_loop()
        try:
            server = await loop.create_server(self._dialogue, self._host, self._port)
        except OSError as error:
            self.opening.fail(error)
            raise
        try:
            port = server.sockets[0].getsockname()[1]
            host = _EVERYWHERE.get(self._host, self._host)
            self.opening.succeed(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
            self._port = port  # a restart of this loop keeps what was told
            await asyncio.Event().wait()
        finally:
            server.close()
            for dialogue in list(self._dialogues):
                if dialogue.transport is not None:
                    dialogue.transport.close()
            with suppress(TimeoutError):
                await asyncio.wait_for(server.wait_closed(), 2)

    def _dialogue(self) -> Dialogue:
        dialogue = Dialogue(
            takes=self._takes,
            deliver=self._deliver,
            hostname="inquiry-router",
            loop=asyncio.get_running_loop(),
        )
        self._dialogues.add(dialogue)
        dialogue.on_lost = partial(self._dialogues.discard, dialogue)
        return dialogue

    def _takes(self, address: str) -> bool:
        return self._recipients is None or address.casefold() in self._recipients

    async def _deliver(self, recipient: str, raw: bytes, sender: str) -> str:
        name = recipient.casefold()
        try:
            receipt = await self._world.accept.submit(
                mail(door="lmtp", raw=raw, name=name, recipient=recipient, mail_from=sender)
            )
        except Temporary as error:
            self._refuse("unavailable")
            if isinstance(error.__cause__, asyncpg.DiskFullError):
                return "452 4.3.1 no room at the moment"
            return "451 4.3.0 not accepted, try again"
        except Exception:
            self._refuse("internal")
            log.exception("mail_not_accepted", size=len(raw))
            return "451 4.3.0 not accepted, try again"
        return f"250 2.0.0 {receipt.id} accepted"

    def _refuse(self, code: str) -> None:
        self._world.metrics.refused.labels(channel=Channel.EMAIL.value, code=code).inc()
