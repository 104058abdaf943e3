"""What waits in each queue and who is free, added up from the facts. Pure: a snapshot, then facts in their order.

The tables would have to be scanned for it, every time and the longer the more work is done.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.router.decide.ruleset import RuleSet
from services.router.store.agents import Agent
from services.router.store.board import Waiting
from services.router.store.events import Fact
from shared.domain.work import WEIGHTS
from shared.http.types import timestamp

_SMALLEST = min(WEIGHTS.values())


@dataclass(slots=True)
class _Line:
    """One queue: when its items were received, the oldest found by heap; those that have left are dropped when met."""

    items: dict[str, datetime] = field(default_factory=dict)
    heap: list[tuple[datetime, str]] = field(default_factory=list)

    def put(self, item: str, received_at: datetime) -> None:
        if self.items.get(item) != received_at:
            self.items[item] = received_at
            heapq.heappush(self.heap, (received_at, item))

    def oldest(self) -> datetime | None:
        while self.heap and self.items.get(self.heap[0][1]) != self.heap[0][0]:
            heapq.heappop(self.heap)
        return self.heap[0][0] if self.heap else None


@dataclass(slots=True)
class _Hands:
    """One agent, as far as being free goes."""

    skills: Mapping[str, int] = field(default_factory=dict)
    capacity: int = 0
    load: int = 0
    presence: str = "offline"

    @property
    def free(self) -> bool:
        return self.presence == "available" and self.load + _SMALLEST <= self.capacity

    def can(self, needs: Mapping[str, int]) -> bool:
        return all(self.skills.get(skill, 0) >= level for skill, level in needs.items())


class Tally:
    """Begins with what the tables say at a position; ``fold`` must then see every later fact, each once."""

    def __init__(self, waiting: Iterable[Waiting] = (), agents: Iterable[Agent] = ()) -> None:
        self._lines: dict[str, _Line] = {}
        self._queue_of: dict[str, str] = {}
        self._agents = {str(a.id): _Hands(a.skills, a.capacity, a.load, a.presence) for a in agents}
        for item in waiting:
            self._put(str(item.id), item.queue, item.received_at)

    def fold(self, fact: Fact) -> None:
        """Take one fact in."""
        data = fact.data
        if fact.type == "inquiry.waiting":
            self._put(data["work_item_id"], data["queue"], datetime.fromisoformat(data["received_at"]))
        elif fact.type in {"offer.made", "assignment.started"}:
            self._take(data["work_item_id"])
            self._load(data, 1)
        elif fact.type.startswith(("offer.", "assignment.")):
            self._load(data, -1)
        elif fact.type in {"presence.changed", "agent.changed"}:
            self._know(data)

    def queues(self, ruleset: RuleSet) -> dict[str, dict[str, Any]]:
        """By queue what a board shows of it: those of the rule set, and others in which something is left."""
        free = [agent for agent in self._agents.values() if agent.free]
        names = [*ruleset.queues, *(name for name, line in self._lines.items() if line.items)]
        return {name: self._row(name, ruleset, free) for name in dict.fromkeys(names)}

    def _row(self, name: str, ruleset: RuleSet, free: list[_Hands]) -> dict[str, Any]:
        line = self._lines.get(name) or _Line()
        oldest = line.oldest()
        needs = ruleset.queues[name].requires if name in ruleset.queues else {}
        return {
            "waiting": len(line.items),
            "oldest_at": timestamp(oldest) if oldest else None,
            "free_agents": sum(agent.can(needs) for agent in free),
        }

    def _put(self, item: str, queue: str, received_at: datetime) -> None:
        if self._queue_of.get(item) != queue:
            self._take(item)
            self._queue_of[item] = queue
        self._lines.setdefault(queue, _Line()).put(item, received_at)

    def _take(self, item: str) -> None:
        queue = self._queue_of.pop(item, None)
        if queue is not None:
            self._lines[queue].items.pop(item, None)

    def _load(self, data: Mapping[str, Any], sign: int) -> None:
        agent = self._agents.get(data["agent_id"])
        if agent is not None:
            agent.load += sign * data["weight"]

    def _know(self, data: Mapping[str, Any]) -> None:
        agent = self._agents.setdefault(data["agent_id"], _Hands())
        agent.capacity = data["capacity"]
        agent.skills = data.get("skills", agent.skills)
        agent.presence = data.get("state", agent.presence)
        agent.load = data.get("load", agent.load)
