"""One round of matching over the pool: first in rank chooses first, and only the heads of classes are looked at."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.router.decide.explain import decision_record
from services.router.decide.match import Choice, choose_among
from services.router.decide.waiting import next_check
from services.router.dispatch.items import Entry, WaitingClass
from services.router.dispatch.pool import Pool
from shared.domain.ids import derived_id

LARGEST_BATCH = 100


@dataclass(frozen=True, slots=True)
class Proposal:
    """An offer to be written, if the item still has this version."""

    item_id: str
    version: int
    agent_id: str
    weight: int
    offer_id: str
    decision_id: str
    made_at: datetime
    record: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Check:
    """An item was looked at and goes on waiting: why, and until when."""

    item_id: str
    version: int
    queue: str
    reason: str
    next_check_at: datetime


def propose(pool: Pool, now: datetime, limit: int = LARGEST_BATCH) -> list[Proposal]:
    """At most ``limit`` offers, at most one to an agent; items and agents are reserved in the pool."""
    if not any(_is_free(pool, agent_id) for agent_id in pool.agents):
        return []
    heads = list(pool.classes.heads())
    heapq.heapify(heads)
    proposals: list[Proposal] = []
    while heads and len(proposals) < limit:
        found, waits_in = heapq.heappop(heads)
        entry = pool.entries[found[-1]]
        proposal = _place(pool, entry, waits_in, now)
        if proposal is None:
            continue  # nobody for the first of the class is nobody for the rest of it
        proposals.append(proposal)
        following = pool.classes.head(waits_in)
        if following is not None:
            heapq.heappush(heads, (following, waits_in))
    return proposals


def check(pool: Pool, entry: Entry, now: datetime) -> Check:
    """Why a ready entry waits, as of now."""
    refused = pool.classify(entry, now)
    assert entry.waits_in is not None  # noqa: S101  # classify has just set it
    choice = _choose(pool, entry, entry.waits_in, now, seed="")
    reason = choice.reason or "no_eligible_agent_available"
    at = next_check(entry.item, refused, now)
    return Check(entry.item.id, entry.item.version, entry.item.queue, reason, at)


def _is_free(pool: Pool, agent_id: str) -> bool:
    view = pool.views[agent_id]
    return view.presence == "available" and not view.deciding and view.load < view.capacity


def _place(pool: Pool, entry: Entry, waits_in: WaitingClass, now: datetime) -> Proposal | None:
    views, item = pool.views, entry.item
    capable = pool.staffing(waits_in.requires).capable
    if not any(views[agent].has_room(item) for agent in capable if agent not in waits_in.refused):
        return None
    offer_id, decision_id = (str(derived_id(what, item.id, str(item.version))) for what in ("offer", "decision"))
    choice = _choose(pool, entry, waits_in, now, seed=decision_id)
    if choice.agent_id is None:
        return None
    record = decision_record(
        decision_id=decision_id,
        item=item,
        choice=choice,
        at=now,
        position=pool.position,
        rule_set=entry.rule_set,
        trigger=entry.trigger,
        seed=decision_id,
    )
    pool.reserve(entry, choice.agent_id, offer_id)
    return Proposal(item.id, item.version, choice.agent_id, item.weight, offer_id, decision_id, now, record)


def _choose(pool: Pool, entry: Entry, waits_in: WaitingClass, now: datetime, *, seed: str) -> Choice:
    staffing = pool.staffing(waits_in.requires)
    return choose_among(entry.item, pool.views, staffing, now=now, seed=seed, relaxation_step=waits_in.step)
