"""The LMTP dialogue (RFC 2033) on aiosmtpd: one reply for each accepted recipient after the end of data.

The library's own reading of data gives a single reply and refuses lines over 1,001 bytes, which real senders write.
Here a line has no limit but the mail's, and only CR LF . CR LF ends it, so that no other form can smuggle a second mail.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import Envelope, Session

from services.ingest.mail.limits import LARGEST_MAIL

_MOST_RECIPIENTS = 100
_PIECE = 65_536

Deliver = Callable[[str, bytes, str], Awaitable[str]]
"""Recipient, mail, envelope sender → the reply."""


def _nothing() -> None:
    pass


class Rules:
    """aiosmtpd's hooks: who may be written to."""

    def __init__(self, takes: Callable[[str], bool]) -> None:
        self._takes = takes

    async def handle_RCPT(  # noqa: N802  # the library's name
        self, server: LMTP, session: Session, envelope: Envelope, address: str, options: Sequence[str]
    ) -> str:
        """The reply to one RCPT."""
        del server, session
        if not self._takes(address):
            return "550 5.1.1 unknown recipient"
        if len(envelope.rcpt_tos) >= _MOST_RECIPIENTS:
            return "452 4.5.3 too many recipients"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_exception(self, error: Exception) -> str:
        """Never tell the peer what went wrong inside."""
        del error
        return "451 4.3.0 local error"


class Dialogue(LMTP):
    """One connection."""

    line_length_limit = _PIECE

    def __init__(self, *, takes: Callable[[str], bool], deliver: Deliver, **options: Any) -> None:
        super().__init__(
            Rules(takes),
            data_size_limit=LARGEST_MAIL,
            enable_SMTPUTF8=True,
            ident="LMTP",
            **options,
        )
        self._deliver = deliver
        self.on_lost: Callable[[], None] = _nothing

    def connection_lost(self, error: Exception | None) -> None:
        """The peer has gone."""
        super().connection_lost(error)
        self.on_lost()

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802  # the library's name
        """Take the mail, hand it in once for each recipient, reply to each."""
        if await self.check_helo_needed():
            return
        envelope = self.envelope
        if envelope is None or not envelope.rcpt_tos:
            await self.push("503 5.5.1 need RCPT")
            return
        if arg:
            await self.push("501 5.5.4 DATA takes no argument")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        mail = await self._read_mail()
        self._reset_timeout()
        self.envelope = self._create_envelope()
        if mail is None:
            replies = ["552 5.3.4 the mail is too large"] * len(envelope.rcpt_tos)
        else:
            sender = envelope.mail_from or ""
            replies = await asyncio.gather(*(self._deliver(to, mail, sender) for to in envelope.rcpt_tos))
        for reply in replies:
            await self.push(reply)

    async def _read_mail(self) -> bytes | None:
        """The mail without its dots; ``None`` when it was too large, read to its end all the same."""
        mail = bytearray()
        too_large = False
        starts_line = True
        while True:
            try:
                piece = await self._reader.readuntil(b"\r\n")
            except asyncio.LimitOverrunError as overrun:
                piece = await self._reader.read(overrun.consumed)
            if starts_line and piece == b".\r\n":
                return None if too_large else bytes(mail)
            if starts_line and piece.startswith(b"."):
                piece = piece[1:]
            starts_line = piece.endswith(b"\r\n")
            too_large = too_large or len(mail) + len(piece) > LARGEST_MAIL
            if too_large:
                mail.clear()
            else:
                mail += piece
