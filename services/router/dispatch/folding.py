"""How each kind of fact changes the pool. Kinds that concern nobody here are passed over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.router.decide.order import rank
from services.router.dispatch.agents import Agent
from services.router.dispatch.items import OpenOffer, entry_of_fact
from services.router.dispatch.pool import Pool
from shared.domain.work import Presence

_OVER = frozenset({"completed", "closed"})
Handler = Callable[[Pool, Mapping[str, Any], datetime], None]


def fold(pool: Pool, *, pos: int, at: datetime, kind: str, data: Mapping[str, Any], now: datetime) -> None:
    """Take in the fact at ``pos``, which was recorded ``at`` that time."""
    handler = _HANDLERS.get(kind)
    if handler is not None:
        handler(pool, data, at)
    if kind == "inquiry.waiting":
        pool.put(pool.entries[data["work_item_id"]], now)
    pool.position = pos


def _waiting(pool: Pool, data: Mapping[str, Any], at: datetime) -> None:
    known = pool.entries.get(data["work_item_id"])
    entry = entry_of_fact(data, at, known)
    if known is not None and known.ready and rank(known.item) == rank(entry.item):
        entry.waits_in, entry.trigger = known.waits_in, "agent"  # it stands in its heap already
    pool.entries[entry.item.id] = entry


def _made(pool: Pool, data: Mapping[str, Any], _at: datetime) -> None:
    _moved(pool, data, "offered")
    expires_at, made_at = datetime.fromisoformat(data["expires_at"]), datetime.fromisoformat(data["made_at"])
    pool.open_offer(OpenOffer(data["offer_id"], data["work_item_id"], data["agent_id"], made_at, expires_at))


def _accepted(pool: Pool, data: Mapping[str, Any], _at: datetime) -> None:
    if pool.offers.pop(data["offer_id"], None) is not None:
        pool.hold(data["agent_id"], data["work_item_id"], data["weight"])


def _declined(pool: Pool, data: Mapping[str, Any], at: datetime) -> None:
    _close(pool, data, at)
    entry = pool.entries.get(data["work_item_id"])
    if entry is not None:
        entry.item = replace(entry.item, declined={**entry.item.declined, data["agent_id"]: at})


def _lapsed(pool: Pool, data: Mapping[str, Any], at: datetime) -> None:
    offer = _close(pool, data, at)
    entry = pool.entries.get(data["work_item_id"])
    if entry is not None and offer is not None:
        ended_at = datetime.fromisoformat(data["ended_at"]) if "ended_at" in data else at
        again = ended_at + (offer.expires_at - offer.made_at)
        entry.item = replace(entry.item, lapsed={**entry.item.lapsed, data["agent_id"]: again})


def _withdrawn(pool: Pool, data: Mapping[str, Any], at: datetime) -> None:
    _close(pool, data, at)


def _close(pool: Pool, data: Mapping[str, Any], at: datetime) -> OpenOffer | None:
    pool.give_back(data["agent_id"], data["work_item_id"], offer_id=data["offer_id"], idle_since=at)
    return pool.offers.pop(data["offer_id"], None)


def _started(pool: Pool, data: Mapping[str, Any], _at: datetime) -> None:
    _moved(pool, data, "assigned")
    pool.hold(data["agent_id"], data["work_item_id"], data["weight"])


def _ended(pool: Pool, data: Mapping[str, Any], at: datetime) -> None:
    pool.give_back(data["agent_id"], data["work_item_id"], idle_since=at)
    if data.get("state") in _OVER:
        pool.entries.pop(data["work_item_id"], None)
    else:
        _moved(pool, data, data.get("state") or "waiting", pending=True)


def _moved(pool: Pool, data: Mapping[str, Any], state: str, *, pending: bool = False) -> None:
    """The item is in another state. Left ``pending`` until the ``inquiry.waiting`` fact that says how it waits."""
    entry = pool.entries.get(data["work_item_id"])
    if entry is None:
        pool.needs_rebuild = True
        return
    entry.item = replace(entry.item, version=max(entry.item.version, data["version"]))
    entry.state, entry.pending, entry.waits_in = state, pending, None


def _presence(pool: Pool, data: Mapping[str, Any], at: datetime) -> None:
    agent = pool.agents.get(data["agent_id"])
    if agent is None:
        pool.needs_rebuild = True
        return
    state = Presence(data["state"])
    if state is Presence.AVAILABLE and agent.presence is not state:
        agent.idle_since = at
    agent.presence = state
    agent.capacity = data.get("capacity", agent.capacity)
    pool.refresh(agent)


def _agent(pool: Pool, data: Mapping[str, Any], at: datetime) -> None:
    agent = pool.agents.get(data["agent_id"])
    if agent is None:
        agent = Agent(data["agent_id"], data["skills"], data["capacity"], Presence.OFFLINE, at)
        pool.agents[agent.id] = agent
    agent.skills, agent.capacity = dict(data["skills"]), data["capacity"]
    pool.refresh(agent)
    pool.forget_staffing()


def _published(pool: Pool, data: Mapping[str, Any], _at: datetime) -> None:
    pool.publish(data["version"])


_HANDLERS: dict[str, Handler] = {
    "inquiry.waiting": _waiting,
    "offer.made": _made,
    "offer.accepted": _accepted,
    "offer.declined": _declined,
    "offer.lapsed": _lapsed,
    "offer.withdrawn": _withdrawn,
    "assignment.started": _started,
    "assignment.ended": _ended,
    "presence.changed": _presence,
    "agent.changed": _agent,
    "ruleset.published": _published,
}
