"""Who gets one waiting item: the best of those who can take it now, or the reason why nobody can."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.router.decide.refusals import Refusals, refusals
from services.router.decide.relaxation import relaxed
from services.router.decide.scoring import handling, lot, score
from services.router.decide.skills import level_in
from services.router.decide.staffing import Staffing, staff
from services.router.decide.waiting import reason_for
from services.router.decide.work import AgentView, WaitingItem
from shared.domain.work import Presence

POLICY = "best-fit"
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Choice:
    """The outcome. ``excluded`` counts those who could not take it by the first reason; ``reason`` is set when nobody
    could; ``could_ever`` says whether anybody at all, on whatever shift, holds the skills and has not declined.
    """

    agent_id: str | None
    score: float | None
    candidates: tuple[Mapping[str, Any], ...] = ()
    excluded: Mapping[str, int] = field(default_factory=dict)
    reason: str | None = None
    could_ever: bool = True
    relaxation_step: int = 0


def choose(
    item: WaitingItem, agents: Iterable[AgentView], *, now: datetime, seed: str, relaxation_step: int = 0
) -> Choice:
    """The choice among ``agents``; the same arguments give the same choice."""
    by_id = {agent.id: agent for agent in agents}
    staffing = staff(relaxed(item.requires, relaxation_step), by_id.values())
    return choose_among(item, by_id, staffing, now=now, seed=seed, relaxation_step=relaxation_step)


def choose_among(
    item: WaitingItem,
    agents: Mapping[str, AgentView],
    staffing: Staffing,
    *,
    now: datetime,
    seed: str,
    relaxation_step: int = 0,
) -> Choice:
    """``choose`` for a caller who knows already which of ``agents`` hold the skills."""
    refused = refusals(item, staffing.capable, now)
    excluded = Counter(staffing.lacking)
    able: list[AgentView] = []
    for agent_id in staffing.capable:
        why_not = exclusion(item, agents[agent_id], refused)
        if why_not is None:
            able.append(agents[agent_id])
        else:
            excluded[why_not] += 1
    could_ever = any(agent_id not in item.declined for agent_id in staffing.capable)
    if not able:
        reason = reason_for(excluded, capable=bool(staffing.capable), could_ever=could_ever)
        return Choice(None, None, (), dict(excluded), reason, could_ever, relaxation_step)
    best = _best(item, able, refused, seed)
    return Choice(
        agent_id=best[0].id,
        score=score(item, best[0]),
        candidates=tuple(_shown(item, agent) for agent in best[:SHOWN]),
        excluded=dict(excluded),
        could_ever=could_ever,
        relaxation_step=relaxation_step,
    )


def exclusion(item: WaitingItem, agent: AgentView, refused: Refusals) -> str | None:
    """The first reason why an agent with the skills cannot be offered ``item`` now, or nothing."""
    why_not = refused.reason(agent.id)
    if why_not is not None:
        return why_not
    if agent.presence is not Presence.AVAILABLE:
        return agent.presence.value
    if agent.load + item.weight > agent.capacity:
        return "full"
    if agent.attentive and item.one_at_a_time:
        return "attention"
    return "deciding" if agent.deciding else None


def _best(item: WaitingItem, able: list[AgentView], refused: Refusals, seed: str) -> list[AgentView]:
    """At least the first that are shown; lots are drawn among those only, for a lot costs as much as a score."""
    ranks = {agent.id: (agent.id in refused.last_resort, -score(item, agent), agent.idle_since) for agent in able}
    last = heapq.nsmallest(SHOWN, ranks.values())[-1]
    first = [agent for agent in able if ranks[agent.id] <= last]
    return sorted(first, key=lambda agent: (ranks[agent.id], lot(seed, agent.id)))


def _shown(item: WaitingItem, agent: AgentView) -> dict[str, Any]:
    return {
        "agent_id": agent.id,
        "score": score(item, agent),
        "handling": round(handling(item, agent), 3),
        "levels": {skill: level_in(agent.skills, skill) for skill in item.requires},
        "load": agent.load,
        "capacity": agent.capacity,
        "idle_since": agent.idle_since.isoformat(),
    }
