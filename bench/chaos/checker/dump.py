"""The dump: what is in the product's stores at the end, in words of the domain, whatever stores they are.

Ids are strings, times seconds of the database's clock. Nothing here has a text or an address in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """One accepted delivery. ``accepted`` is its number in ingest's order, ``state`` as the contract names it."""

    id: str
    sha256: str
    state: str
    accepted: int
    since: float
    conversation: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkItem:
    """Work, as it is now. ``requires`` is level by skill."""

    id: str
    inquiry: str
    conversation: str
    state: str
    version: int
    weight: int
    waiting_since: float = 0.0
    waiting_reason: str | None = None
    next_check_at: float | None = None
    requires: Mapping[str, int] = field(default_factory=dict)
    refused_by: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """``step`` is how far the skills were relaxed for it; only at 0 is every skill asked for."""

    id: str
    work_item: str
    agent: str
    weight: int
    state: str
    expires_at: float
    step: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """In hand from ``since`` until ``ended_at``."""

    id: str
    work_item: str
    agent: str
    weight: int
    since: float
    ended_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """``idle_since`` is when work was last given back, or presence taken up."""

    id: str
    capacity: int
    load: int
    presence: str
    skills: Mapping[str, int] = field(default_factory=dict)
    idle_since: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A row of the one ordered table of facts."""

    pos: int
    at: float
    type: str
    subject: str
    actor: str | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record of a stream; ``sequence`` is the fact's position where it is one."""

    stream: str
    partition: int
    position: int
    id: str
    key: str
    subject: str
    type: str = ""
    sequence: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """``group`` has committed everything of the partition before ``committed``."""

    group: str
    stream: str
    partition: int
    committed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dump:
    """Everything, in one snapshot taken ``at`` this moment.

    ``messages`` has the inquiries of a conversation in the order in which people are shown them. ``effects`` has by
    group the ids of the records that had their effect, or are parked or in quarantine. ``published`` is the fact up
    to which the outbox says that it has published; those up to ``wiped_at`` went to a log that was wiped since.
    ``parked`` has by key when its record is due to be tried again.
    """

    at: float
    inquiries: Sequence[Inquiry] = ()
    messages: Mapping[str, Sequence[str]] = field(default_factory=dict)
    work_items: Sequence[WorkItem] = ()
    offers: Sequence[Offer] = ()
    assignments: Sequence[Assignment] = ()
    agents: Sequence[Agent] = ()
    facts: Sequence[Fact] = ()
    records: Sequence[Record] = ()
    progress: Sequence[Progress] = ()
    effects: Mapping[str, frozenset[str]] = field(default_factory=dict)
    published: int = 0
    wiped_at: int = 0
    parked: Mapping[str, float] = field(default_factory=dict)
