"""The visitor's token: names a session and its site, signed with the installation's secret, good for a day."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import secrets
from uuid import UUID

import asyncpg

from services.ingest.store import chat
from shared.clock import Clock
from shared.database.connection import translate

_LIFETIME = 24 * 3600
"""Seconds: as long as an idle chat stays open; each resume gives a new one."""


class Tokens:
    """Makes and reads tokens; the secret is made once for the installation and kept in the database."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], clock: Clock) -> None:
        self._pool = pool
        self._clock = clock
        self._secret: bytes | None = None

    async def make(self, site: str, session_id: UUID) -> str:
        """A token for the session.

        Raises:
            DatabaseUnavailable: the secret cannot be read now.
        """
        words = [site, session_id.hex, int(self._clock.now().timestamp()) + _LIFETIME]
        body = json.dumps(words, separators=(",", ":")).encode()
        return f"{_encode(body)}.{_encode(await self._sign(body))}"

    async def read(self, token: str, site: str) -> UUID | None:
        """The session that the token names, if it is ours, of this site, and not too old.

        Raises:
            DatabaseUnavailable: the secret cannot be read now.
        """
        head, _, tail = token.partition(".")
        try:
            body, signature = _decode(head), _decode(tail)
        except (binascii.Error, ValueError):
            return None
        if not hmac.compare_digest(signature, await self._sign(body)):
            return None
        named, session, expires = json.loads(body)
        in_time = expires > self._clock.now().timestamp()
        return UUID(session) if named == site and in_time else None

    async def _sign(self, body: bytes) -> bytes:
        if self._secret is None:
            with translate():
                self._secret = await chat.secret(self._pool, "chat-token", secrets.token_bytes(32))
        return hmac.digest(self._secret, body, "sha256")


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
