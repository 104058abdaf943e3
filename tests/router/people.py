"""People for tests: a token is a name; who is taken out of ``known`` is signed out."""

from __future__ import annotations

from uuid import UUID

from shared.access.caller import Caller


class People:
    """Who may call, by token; agents are given a seat first."""

    def __init__(self) -> None:
        self.known: dict[str, Caller] = {
            "sara": person("sara", "supervisor"),
            "otto": person("otto", "operations"),
            "aud": person("aud", "auditor"),
            "shop": Caller("key:1", "key", "shop", frozenset({"integrator"})),
            "other": Caller("key:2", "key", "other", frozenset({"integrator"})),
        }

    def seat(self, name: str, agent_id: UUID) -> None:
        self.known[name] = person(name, "agent", agent_id=agent_id)

    async def authenticate(self, token: str) -> Caller | None:
        return self.known.get(token)


def person(name: str, *roles: str, agent_id: UUID | None = None) -> Caller:
    return Caller(f"user:{name}", "user", name.title(), frozenset(roles), agent_id=agent_id)
