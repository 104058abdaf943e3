"""Users: people who sign in, with roles. A user is disabled, never deleted: records name them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from shared.access.caller import ROLES
from shared.access.passwords import SHORTEST, Passwords
from shared.database.connection import translate
from shared.errors import Fault, Refused
from shared.text import clean_line

_COLUMNS = "id, username, name, roles, agent_id, language, demo, disabled_at, created_at"


@dataclass(frozen=True, slots=True)
class User:
    """A person with an account. ``agent_id`` is set for agents alone."""

    id: UUID
    username: str
    name: str
    roles: tuple[str, ...]
    agent_id: UUID | None
    language: str
    demo: bool
    disabled_at: datetime | None
    created_at: datetime


def user_of(row: Any) -> User:
    """The user in a row that has the columns of a user."""
    return User(
        id=row["id"],
        username=row["username"],
        name=row["name"],
        roles=tuple(row["roles"]),
        agent_id=row["agent_id"],
        language=row["language"],
        demo=row["demo"],
        disabled_at=row["disabled_at"],
        created_at=row["created_at"],
    )


class Users:
    """Commands on users. All raise ``DatabaseUnavailable`` when it is away."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], passwords: Passwords) -> None:
        self._pool = pool
        self._passwords = passwords

    async def add(
        self,
        username: str,
        *,
        name: str,
        roles: Sequence[str],
        password: str,
        language: str = "en",
        agent_id: UUID | None = None,
        demo: bool = False,
    ) -> User:
        """A new user; an agent gets an ``agent_id`` when none is given.

        Raises:
            Refused: ``invalid`` (name, roles or password), ``conflict`` (the user name is taken).
        """
        statement = f"""INSERT INTO access."user" (id, username, name, roles, agent_id, language, password_hash, demo)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (username) DO NOTHING RETURNING {_COLUMNS}"""
        username, roles = plain_username(username), known_roles(roles)
        hashed = await self._passwords.hash(password)
        agent = (agent_id or uuid4()) if "agent" in roles else None
        values = (uuid4(), username, clean_line(name), roles, agent, language, hashed, demo)
        with translate():
            row = await self._pool.fetchrow(statement, *values)
        if row is None:
            raise Refused("conflict", f"There is a user {username!r} already.")
        return user_of(row)

    async def ensure(
        self,
        username: str,
        *,
        name: str,
        roles: Sequence[str],
        password: str,
        language: str = "en",
        agent_id: UUID | None = None,
        demo: bool = True,
    ) -> User:
        """The user as described, made or changed to it; an ``agent_id`` that is there stays.

        Raises:
            Refused: ``invalid``.
        """
        statement = f"""INSERT INTO access."user" AS u
            (id, username, name, roles, agent_id, language, password_hash, demo)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            ON CONFLICT (username) DO UPDATE SET name = $3, roles = $4, language = $6, password_hash = $7, demo = $8,
                agent_id = CASE WHEN $5::uuid IS NULL THEN NULL ELSE coalesce(u.agent_id, $5) END, disabled_at = NULL
            RETURNING {_COLUMNS}"""
        username, roles = plain_username(username), known_roles(roles)
        # The demo's password is printed and stays on loopback: any will do.
        hashed = await self._passwords.hash(password, shortest=1 if demo else SHORTEST)
        agent = (agent_id or uuid4()) if "agent" in roles else None
        values = (uuid4(), username, clean_line(name), roles, agent, language, hashed, demo)
        with translate():
            return user_of(await self._pool.fetchrow(statement, *values))

    async def listed(self) -> list[User]:
        """Everyone, by user name."""
        with translate():
            rows = await self._pool.fetch(f'SELECT {_COLUMNS} FROM access."user" ORDER BY username')
        return [user_of(row) for row in rows]

    async def disable(self, username: str) -> None:
        """Lock ``username`` out, open sessions too (within two seconds where they are cached).

        Raises:
            Refused: ``not-found``.
        """
        await self._change(username, "disabled_at = coalesce(disabled_at, now())")

    async def set_password(self, username: str, password: str) -> None:
        """Give ``username`` a new password; every open session ends, a disabled user may sign in again.

        Raises:
            Refused: ``not-found``, ``invalid``.
        """
        await self._change(username, "password_hash = $2, disabled_at = NULL", await self._passwords.hash(password))

    async def demo_names(self) -> list[str]:
        """The user names of the demo company that can sign in."""
        with translate():
            rows = await self._pool.fetch(
                'SELECT username FROM access."user" WHERE demo AND disabled_at IS NULL ORDER BY username'
            )
        return [row["username"] for row in rows]

    async def _change(self, username: str, assignment: str, *values: object) -> None:
        statement = f"""WITH changed AS (UPDATE access."user" SET {assignment} WHERE username = $1 RETURNING id),
            ended AS (DELETE FROM access.session WHERE user_id IN (SELECT id FROM changed))
            SELECT count(*) FROM changed"""
        with translate():
            changed = await self._pool.fetchval(statement, plain_username(username), *values)
        if not changed:
            raise Refused("not-found", "There is no such user.")


def plain_username(username: str) -> str:
    """User names are compared without regard to case and outer spaces."""
    return clean_line(username).lower()


def known_roles(roles: Sequence[str]) -> list[str]:
    """``roles`` without repeats.

    Raises:
        Refused: ``invalid``; none, or one that does not exist.
    """
    if not roles or not set(roles) <= set(ROLES):
        detail = f"Roles are one or more of {', '.join(ROLES)}."
        raise Refused("invalid", detail, faults=[Fault("/roles", "invalid")])
    return sorted(set(roles))
