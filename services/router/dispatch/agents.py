"""An agent in memory: what is held, and the view that deciding sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.router.decide.work import AgentView
from shared.domain.work import Presence


@dataclass(frozen=True, slots=True)
class Holding:
    """One item that an agent has: in work, or on offer (then with the offer's id)."""

    weight: int
    one_at_a_time: bool
    offer_id: str | None = None


@dataclass(slots=True)
class Agent:
    """``unexplained`` is load that the tables count and no holding explains; it keeps memory from promising too much."""

    id: str
    skills: Mapping[str, int]
    capacity: int
    presence: Presence
    idle_since: datetime
    unexplained: int = 0
    holdings: dict[str, Holding] = field(default_factory=dict)

    @property
    def load(self) -> int:
        """The weight of everything held."""
        return self.unexplained + sum(holding.weight for holding in self.holdings.values())

    def view(self) -> AgentView:
        """The agent as of now."""
        held = self.holdings.values()
        return AgentView(
            id=self.id,
            skills=self.skills,
            capacity=self.capacity,
            load=self.load,
            presence=self.presence,
            idle_since=self.idle_since,
            attentive=any(holding.one_at_a_time for holding in held),
            deciding=any(holding.offer_id is not None for holding in held),
        )
