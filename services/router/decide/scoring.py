"""How well an agent fits an item: expected handling by proficiency, times load. Larger is better."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

from services.router.decide.skills import language_skill, level_in
from services.router.decide.work import AgentView, WaitingItem

# By proficiency, 0 (not held) to 5: how long handling takes, and how often the item is passed on after all.
_HANDLING = (1.7, 1.35, 1.15, 1.0, 0.9, 0.8)
_TRANSFER = (0.40, 0.22, 0.13, 0.08, 0.05, 0.03)
_READING = (1.6, 1.35, 1.2, 1.08, 1.03, 1.0)
_PASSED_ON = 0.6
_PREFERRED = 0.85


def handling(item: WaitingItem, agent: AgentView) -> float:
    """Expected handling time, as a multiple of a usual agent's."""
    topic = level_in(agent.skills, f"topic.{item.topic}")
    spoken = level_in(agent.skills, language_skill(item.language))
    return _HANDLING[topic] * (1 + _PASSED_ON * _TRANSFER[topic]) * _READING[spoken] * _liking(item.prefers, agent)


def score(item: WaitingItem, agent: AgentView) -> float:
    """Rounded, so that agents who are as good as equal tie, and the longest idle wins."""
    load = agent.load / agent.capacity if agent.capacity else 1.0
    return round(100 / (handling(item, agent) * (1 + load)), 3)


def lot(seed: str, agent_id: str) -> bytes:
    """The last word between equals: as good as random, and the same each time."""
    return blake2b(f"{seed}/{agent_id}".encode(), digest_size=8).digest()


def _liking(prefers: Mapping[str, int], agent: AgentView) -> float:
    factor = 1.0
    for skill, level in prefers.items():
        share = min(1.0, level_in(agent.skills, skill) / level)
        factor *= 1 - (1 - _PREFERRED) * share
    return factor
