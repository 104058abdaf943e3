"""What the reference product is made of: its bugs, what customers say, work, and who holds it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any


class Mutant(Enum):
    """The nine seeded bugs."""

    EARLY_ACK = "acknowledged before commit"
    POSITION_FIRST = "position before effect"
    NO_DEDUPE = "no dedupe"
    CHECK_THEN_ASSIGN = "check, then assign"
    ONE_TOO_MANY = "capacity off by one"
    NEW_IDS = "new webhook id per try"
    AUDIT_APART = "audit outside the transaction"
    RANDOM_PARTITION = "random partition key"
    POISON_DROPPED = "poison dropped"


class Died(Exception):
    """An actor was killed here."""


@dataclass
class Message:
    """What one customer wants to say."""

    number: int
    conv: str
    poison: bool

    @property
    def id(self) -> str:
        return f"inquiry-{self.number}"


@dataclass
class Item:
    """Work."""

    inquiry: str
    conv: str
    id: str
    state: str = "waiting"
    version: int = 1

    def facts(self) -> dict[str, Any]:
        return {"work_item_id": self.id, "conversation_id": self.conv, "version": self.version}


@dataclass
class Hold:
    """An offer that is open, or the assignment that it became."""

    id: str
    item: Item
    agent: str
    state: str = "open"
    since: float = 0.0
    ended_at: float | None = None

    def facts(self) -> dict[str, Any]:
        return self.item.facts() | {"offer_id": self.id, "agent_id": self.agent, "weight": 1}
