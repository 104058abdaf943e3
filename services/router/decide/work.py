"""What matching looks at: an item that waits, and an agent as of now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.domain.inquiry import Channel
from shared.domain.work import ONE_AT_A_TIME, Presence


@dataclass(frozen=True, slots=True)
class WaitingItem:
    """Work that nobody has.

    ``declined`` says which agents would not take it, and since when; ``lapsed`` which did not answer, and from which
    moment on they may be asked again.
    """

    id: str
    version: int
    channel: str
    language: str
    topic: str
    urgency: int
    queue: str
    requires: Mapping[str, int]
    prefers: Mapping[str, int]
    weight: int
    priority: int
    received_at: datetime
    first_response_due: datetime | None = None
    declined: Mapping[str, datetime] = field(default_factory=dict)
    lapsed: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def one_at_a_time(self) -> bool:
        """Whether it takes the agent's whole attention, as mail does."""
        return one_at_a_time(self.channel)


@dataclass(frozen=True, slots=True)
class AgentView:
    """An agent as of now. ``load`` counts what is in work and on offer; ``attentive`` says that one item of the kinds
    that go one at a time is among it; ``deciding`` that an offer is open before the agent.
    """

    id: str
    skills: Mapping[str, int]
    capacity: int
    load: int
    presence: Presence
    idle_since: datetime
    attentive: bool = False
    deciding: bool = False

    def has_room(self, item: WaitingItem) -> bool:
        """Whether an offer of ``item`` can be made now, as far as presence and load go."""
        return (
            self.presence is Presence.AVAILABLE
            and not self.deciding
            and self.load + item.weight <= self.capacity
            and not (self.attentive and item.one_at_a_time)
        )


def one_at_a_time(channel: str) -> bool:
    """Whether an agent has one item of ``channel``'s kind in work at a time."""
    return Channel(channel) in ONE_AT_A_TIME
