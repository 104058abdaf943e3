"""Keys: what integrators' programs call with. Shown once, when made; kept as a hash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from shared.access.tokens import SHOWN, new_key, token_hash
from shared.database.connection import translate
from shared.domain.ids import derived_id
from shared.errors import Fault, Refused
from shared.text import clean_line

_COLUMNS = "id, name, prefix, scopes, demo, created_at, expires_at, last_used_at, revoked_at"


@dataclass(frozen=True, slots=True)
class Key:
    """An integrator's key without its secret; ``prefix`` is how people recognise it."""

    id: UUID
    name: str
    prefix: str
    scopes: tuple[str, ...]
    demo: bool
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class Keys:
    """Commands on keys. All raise ``DatabaseUnavailable`` when it is away."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._pool = pool

    async def create(
        self, name: str, *, scopes: Sequence[str] = (), expires_at: datetime | None = None
    ) -> tuple[Key, str]:
        """A new key and its secret, which nobody can read again."""
        secret = new_key()
        return await self._keep(secret, name, scopes, expires_at, demo=False), secret

    async def ensure(self, secret: str, *, name: str, demo: bool = True) -> Key:
        """The key with this very ``secret``, made if it is not there."""
        return await self._keep(secret, name, (), None, demo=demo)

    async def listed(self) -> list[Key]:
        """Every key, revoked ones too, oldest first."""
        with translate():
            rows = await self._pool.fetch(f"SELECT {_COLUMNS} FROM access.key ORDER BY created_at, id")
        return [_key(row) for row in rows]

    async def revoke(self, which: str) -> Key:
        """End the key that ``which`` (its id, or enough of its prefix to be the only one) names.

        Raises:
            Refused: ``not-found``, ``conflict`` (several keys begin so).
        """
        found = [key for key in await self.listed() if which and (str(key.id) == which or key.prefix.startswith(which))]
        if not found:
            raise Refused("not-found", "There is no such key.")
        if len(found) > 1:
            raise Refused("conflict", "Several keys begin so: name one by its id.")
        statement = f"UPDATE access.key SET revoked_at = coalesce(revoked_at, now()) WHERE id = $1 RETURNING {_COLUMNS}"
        with translate():
            return _key(await self._pool.fetchrow(statement, found[0].id))

    async def _keep(
        self, secret: str, name: str, scopes: Sequence[str], expires_at: datetime | None, *, demo: bool
    ) -> Key:
        if not secret or not secret.isascii():
            raise Refused("invalid", "A key is made of ASCII characters.", faults=[Fault("/key", "invalid")])
        statement = f"""INSERT INTO access.key (id, name, prefix, hash, scopes, expires_at, demo)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (hash) DO UPDATE SET name = excluded.name, revoked_at = NULL RETURNING {_COLUMNS}"""
        hashed = token_hash(secret)
        shown = secret[: min(SHOWN, len(secret) // 2)]
        # The id follows from the secret, so that the demo's key stays the same caller on a fresh database.
        values = (derived_id("key", hashed.hex()), clean_line(name), shown, hashed, list(scopes), expires_at, demo)
        with translate():
            return _key(await self._pool.fetchrow(statement, *values))


def _key(row: Any) -> Key:
    return Key(
        id=row["id"],
        name=row["name"],
        prefix=row["prefix"],
        scopes=tuple(row["scopes"]),
        demo=row["demo"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        last_used_at=row["last_used_at"],
        revoked_at=row["revoked_at"],
    )
