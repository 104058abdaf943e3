"""The accounts as the services see them: who a token belongs to, signing in and out."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import structlog

from shared.access.caller import INTEGRATOR, Caller
from shared.access.keys import Keys
from shared.access.passwords import Passwords
from shared.access.throttle import Throttle
from shared.access.tokens import LONGEST, new_session, token_hash
from shared.access.users import User, Users, plain_username, user_of
from shared.clock import Clock, SystemClock
from shared.database.connection import translate
from shared.errors import Refused

SESSION_LASTS = timedelta(hours=12)
"""A shift and its breaks."""
BELIEVED_FOR = 2.0
"""Seconds that an answer is believed: what ends in another process is dead here after that."""
MOST_BELIEVED = 10_000

_WHOSE = """
SELECT 'key' AS kind, id, name, ARRAY[]::text[] AS roles, scopes, NULL::uuid AS agent_id, NULL::text AS language
FROM access.key WHERE hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)
UNION ALL
SELECT 'user', u.id, u.name, u.roles, ARRAY[]::text[], u.agent_id, u.language
FROM access.session s JOIN access."user" u ON u.id = s.user_id
WHERE s.hash = $1 AND s.expires_at > $2 AND u.disabled_at IS NULL
"""
_USED = """
UPDATE access.key SET last_used_at = $2::timestamptz
WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2::timestamptz - interval '1 minute')
"""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Session:
    """A sign-in: the token is shown this once."""

    token: str
    expires_at: datetime
    user: User


class AccessStore:
    """Users, keys and sessions in the schema ``access``; any number of processes may have one.

    Every method raises ``DatabaseUnavailable`` when the database is away.
    """

    def __init__(
        self, pool: asyncpg.Pool[asyncpg.Record], *, clock: Clock | None = None, throttle: Throttle | None = None
    ) -> None:
        self._pool = pool
        self._clock = clock or SystemClock()
        self._passwords = Passwords()
        self._throttle = throttle or Throttle(self._clock)
        self._believed: OrderedDict[bytes, tuple[float, Caller]] = OrderedDict()
        self.users = Users(pool, self._passwords)
        self.keys = Keys(pool)

    async def authenticate(self, token: str) -> Caller | None:
        """The caller behind a key or session token; an answer may be two seconds old."""
        if not 0 < len(token) <= LONGEST:
            return None
        hashed, now = token_hash(token), self._clock.monotonic()
        if (known := self._believed.get(hashed)) and known[0] > now:
            return known[1]
        caller = await self._find(hashed)
        self._believe(hashed, now, caller)
        return caller

    async def login(self, username: str, password: str, *, address: str) -> Session:
        """A new session for the user; slowed after five wrong tries from one ``address``.

        Raises:
            Refused: ``invalid-credentials``, ``too-many-attempts``.
        """
        username = plain_username(username)
        async with self._throttle.attempt(username, address) as attempt:
            with translate():
                row = await self._pool.fetchrow('SELECT * FROM access."user" WHERE username = $1', username)
            kept = row["password_hash"] if row is not None and row["disabled_at"] is None else None
            attempt.right = await self._passwords.fits(password, kept)
        if not attempt.right or row is None:
            _log.warning("sign_in_failed", known=row is not None)
            raise Refused("invalid-credentials")
        return await self._open(user_of(row))

    async def logout(self, token: str) -> None:
        """End the session, here at once, in other processes within two seconds. A key is left alone."""
        hashed = token_hash(token)
        with translate():
            await self._pool.execute("DELETE FROM access.session WHERE hash = $1", hashed)
        self._believed.pop(hashed, None)

    async def _open(self, user: User) -> Session:
        session = Session(new_session(), self._clock.now() + SESSION_LASTS, user)
        statement = """WITH over AS (DELETE FROM access.session WHERE user_id = $2 AND expires_at <= $4)
            INSERT INTO access.session (hash, user_id, expires_at) VALUES ($1, $2, $3)"""
        values = (token_hash(session.token), user.id, session.expires_at, self._clock.now())
        with translate():
            await self._pool.execute(statement, *values)
        return session

    async def _find(self, hashed: bytes) -> Caller | None:
        now = self._clock.now()
        with translate():
            row = await self._pool.fetchrow(_WHOSE, hashed, now)
            if row is not None and row["kind"] == "key":
                await self._pool.execute(_USED, row["id"], now)
        return _caller(row) if row is not None else None

    def _believe(self, hashed: bytes, now: float, caller: Caller | None) -> None:
        self._believed.pop(hashed, None)
        if caller is None:
            return
        self._believed[hashed] = (now + BELIEVED_FOR, caller)
        if len(self._believed) > MOST_BELIEVED:
            self._believed.popitem(last=False)


def _caller(row: Any) -> Caller:
    is_user = row["kind"] == "user"
    return Caller(
        id=f"{row['kind']}:{row['id']}",
        kind="user" if is_user else "key",
        name=row["name"],
        roles=frozenset(row["roles"]) if is_user else frozenset({INTEGRATOR}),
        scopes=frozenset(row["scopes"]),
        user_id=row["id"] if is_user else None,
        agent_id=row["agent_id"],
        language=row["language"],
    )
