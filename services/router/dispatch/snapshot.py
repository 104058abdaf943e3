"""The tables at one position: what a pool starts from. The words of the tables, nothing worked out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class AgentRow:
    """One agent."""

    id: str
    skills: Mapping[str, int]
    capacity: int
    load: int
    presence: str
    idle_since: datetime


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One work item that is not over; ``declined`` and ``lapsed`` as in ``WaitingItem``."""

    id: str
    inquiry_id: str
    state: str
    version: int
    channel: str
    language: str
    topic: str
    urgency: int
    queue: str
    weight: int
    route: Mapping[str, Any]
    received_at: datetime
    first_response_due: datetime | None
    waiting_reason: str | None
    next_check_at: datetime | None
    declined: Mapping[str, datetime] = field(default_factory=dict)
    lapsed: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OfferRow:
    """One open offer."""

    id: str
    work_item_id: str
    agent_id: str
    weight: int
    made_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AssignmentRow:
    """One open assignment."""

    work_item_id: str
    agent_id: str
    weight: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything, as of ``position``; ``rule_set`` is the version that is live."""

    position: int
    rule_set: int = 0
    agents: Sequence[AgentRow] = ()
    items: Sequence[ItemRow] = ()
    offers: Sequence[OfferRow] = ()
    assignments: Sequence[AssignmentRow] = ()
