"""Puts the demo company into a database: people, skills, the key of its web shop, rules. May be repeated."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import asyncpg
import yaml

from services.demo.people import Person, people
from services.router.agents import ensure_agent
from services.router.rulesets import RuleSetStore, parse
from shared.access.store import AccessStore
from shared.access.tokens import new_key
from shared.settings import ChannelsFile, ChatSite, MailAddress

CHANNELS = ChannelsFile(
    mail=[MailAddress(address=f"{name}@shop.example", name=name.title()) for name in ("info", "billing", "repair")],
    chat=[ChatSite(site="demo", origins=[])],
)
"""The doors of the demo company, unless a file names others."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What opens the demo: one password for every account, one key for programs."""

    password: str
    api_key: str


def credentials(*, password: str | None, api_key: str | None) -> Credentials:
    """The given ones; what is not given is random, and printed at start."""
    return Credentials(password or secrets.token_urlsafe(9), api_key or new_key())


async def load_company(
    pool: asyncpg.Pool[asyncpg.Record], access: AccessStore, given: Credentials, *, offer_seconds: int
) -> None:
    """Make or renew everybody and everything; rules that somebody has published since stay in force.

    Raises:
        DatabaseUnavailable: load again.
    """
    # Hashing a password is slow on purpose, so all are hashed side by side.
    await asyncio.gather(*(_seat(pool, access, person, given.password) for person in people()))
    await access.keys.ensure(given.api_key, name="demo web shop")
    await _publish_rules(RuleSetStore(pool), offer_seconds)


async def _seat(pool: asyncpg.Pool[asyncpg.Record], access: AccessStore, person: Person, password: str) -> None:
    agent = None
    if "agent" in person.roles:
        agent = await ensure_agent(pool, username=person.username, name=person.name, skills=person.skills)
    await access.users.ensure(
        person.username,
        name=person.name,
        roles=person.roles,
        password=password,
        language=person.language,
        agent_id=agent,
    )


async def _publish_rules(store: RuleSetStore, offer_seconds: int) -> None:
    source = (files("services.demo") / "rules.yaml").read_text("utf-8")
    if offer_seconds != _offer_seconds(source):
        source = source.replace(f"offer_seconds: {_offer_seconds(source)}", f"offer_seconds: {offer_seconds}")
    live, _ = await store.live()
    known = await store.get(live)
    if known.author not in {None, "demo"} or known.source == source:
        return
    document, _ = parse(source)
    await store.publish(await store.create(document, source, author="demo"), actor="demo")


def _offer_seconds(source: str) -> int:
    document: dict[str, Any] = yaml.safe_load(source)
    return int(document["queues"]["general"]["offer_seconds"])
