"""Who is calling, once that is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

ROLES = ("operations", "supervisor", "agent", "auditor")
"""What a user may be; a key always has the one role ``integrator``."""
INTEGRATOR = "integrator"


@dataclass(frozen=True, slots=True)
class Caller:
    """A signed-in user or an integrator's key. ``id`` is stable for as long as the account exists."""

    id: str
    kind: Literal["user", "key"]
    name: str
    roles: frozenset[str]
    scopes: frozenset[str] = frozenset()
    user_id: UUID | None = None
    agent_id: UUID | None = None
    language: str | None = None

    def has(self, *roles: str) -> bool:
        """Whether the caller has one of ``roles``."""
        return not self.roles.isdisjoint(roles)


class Access(Protocol):
    """What the edge needs of the accounts."""

    async def authenticate(self, token: str) -> Caller | None:
        """The caller whose key or session token this is; ``None`` when nobody's, expired, revoked or disabled.

        An answer may be up to two seconds old.

        Raises:
            DatabaseUnavailable: it cannot be known now.
        """
        ...
