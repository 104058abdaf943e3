"""What people and programs see of work, and how rows become it: the API and the live views show the same objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from services.router.store.agents import Agent
from services.router.store.assignments import Assignment
from services.router.store.conversations import Shown
from services.router.store.decisions import Decision
from services.router.store.messages import Message
from services.router.store.offers import Offer
from services.router.store.work import WorkItem
from shared.http.types import Answer, Timestamp

PresenceState = Literal["available", "busy", "away", "offline"]
OfferState = Literal["open", "accepted", "declined", "lapsed", "withdrawn"]


class OfferAnswer(Answer):
    """A work item put before one agent."""

    id: UUID
    state: OfferState
    work_item_id: UUID
    conversation_id: UUID
    inquiry_id: UUID
    agent_id: UUID
    queue: str
    made_at: Timestamp
    expires_at: Timestamp
    decision_id: UUID
    reason: str | None

    @classmethod
    def of(cls, offer: Offer) -> OfferAnswer:
        return cls(**{name: getattr(offer, name) for name in cls.model_fields})


class AssignmentAnswer(Answer):
    """An item in an agent's hands."""

    id: UUID
    work_item_id: UUID
    conversation_id: UUID
    agent_id: UUID
    since: Timestamp

    @classmethod
    def of(cls, assignment: Assignment) -> AssignmentAnswer:
        return cls(**{name: getattr(assignment, name) for name in cls.model_fields})


class Assigned(Answer):
    """The answer of an accept or assign."""

    assignment: AssignmentAnswer


class ContactAnswer(Answer):
    """The customer, and what they are known by."""

    id: UUID
    name: str | None
    email: str | None = None
    phone: str | None = None
    handle: str | None = None


class MessageAnswer(Answer):
    """One message of a conversation; ``seq`` orders them."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    id: UUID
    seq: int
    sender: Literal["customer", "agent"] = Field(alias="from")
    name: str | None
    channel: str
    text: str
    language: str | None
    at: Timestamp
    inquiry_id: UUID | None

    @classmethod
    def of(cls, message: Message) -> MessageAnswer:
        return cls(**{name: getattr(message, name) for name in cls.model_fields})


class SkillLevel(Answer):
    """A skill and the level that is needed of it."""

    skill: str
    level: int


class Due(Answer):
    """When the customer has been promised what."""

    first_response_at: Timestamp | None
    resolution_at: Timestamp | None


class Waiting(Answer):
    """Why an item waits, and when it is looked at again."""

    reason: str | None
    next_check_at: Timestamp | None


class WorkItemAnswer(Answer):
    """A conversation waiting for, or in the hands of, an agent; ``decision_id`` is the latest decision about it."""

    id: UUID
    inquiry_id: UUID
    state: str
    version: int
    channel: str
    language: str
    topic: str
    urgency: int
    subject: str | None
    queue: str
    rule: str | None
    rule_set: int | None
    requires: list[SkillLevel]
    weight: int
    due: Due
    waiting: Waiting | None
    received_at: Timestamp
    first_response_at: Timestamp | None
    classification: dict[str, Any] | None
    decision_id: UUID | None
    outcome: str | None

    @classmethod
    def of(cls, item: WorkItem) -> WorkItemAnswer:
        plain = {name: getattr(item, name) for name in cls.model_fields if hasattr(item, name)}
        waits = item.state == "waiting"
        return cls(
            **plain,
            rule=item.route.get("rule"),
            rule_set=item.route.get("rule_set"),
            requires=skill_levels(item.route.get("requires", {})),
            due=Due(first_response_at=item.first_response_due, resolution_at=item.resolution_due),
            waiting=Waiting(reason=item.waiting_reason, next_check_at=item.next_check_at) if waits else None,
        )


class ConversationRow(Answer):
    """All inquiries of one contact on one matter, without the messages."""

    id: UUID
    state: Literal["open", "completed", "closed"]
    version: int
    channel: str
    customer_left_at: Timestamp | None
    contact: ContactAnswer | None
    work_item: WorkItemAnswer | None
    assignment: AssignmentAnswer | None

    @classmethod
    def of(cls, shown: Shown, item: WorkItem | None, assignment: Assignment | None) -> ConversationRow:
        return cls(**conversation_fields(shown, item, assignment))


class ConversationAnswer(ConversationRow):
    """A conversation with its messages, oldest first."""

    messages: list[MessageAnswer]


class AgentAnswer(Answer):
    """An agent: what they can, what they hold, whether they take work."""

    id: UUID
    username: str
    name: str
    skills: dict[str, int]
    capacity: int
    load: int
    presence: PresenceState

    @classmethod
    def of(cls, agent: Agent) -> AgentAnswer:
        return cls(**{name: getattr(agent, name) for name in cls.model_fields})


class PresenceAnswer(Answer):
    """Whether one takes work, and how much one holds; ``until`` is the end of the lease."""

    state: PresenceState
    source: Literal["lease", "stream"]
    until: Timestamp | None
    load: int
    capacity: int

    @classmethod
    def of(cls, agent: Agent) -> PresenceAnswer:
        shown: dict[str, Any] = {
            "state": agent.presence,
            "source": agent.presence_source,
            "until": agent.lease_until,
            "load": agent.load,
            "capacity": agent.capacity,
        }
        return cls(**shown)


class DecisionAnswer(Answer):
    """Why an item was put before an agent."""

    id: UUID
    at: Timestamp
    position: int
    rule_set: int
    policy: str
    trigger: str
    queue: str
    rule_trace: list[dict[str, Any]]
    requires: list[SkillLevel]
    chosen: dict[str, Any] | None
    candidates: list[dict[str, Any]]
    excluded: dict[str, int]
    relaxation_step: int

    @classmethod
    def of(cls, decision: Decision, names: Mapping[str, str]) -> DecisionAnswer:
        body = decision.body
        candidates = body.get("candidates", [])
        plain = {name: body[name] for name in ("rule_set", "policy", "trigger", "queue") if name in body}
        return cls(
            **plain,
            id=decision.id,
            at=decision.at,
            position=decision.position,
            rule_trace=body.get("rule_trace", []),
            requires=skill_levels(body.get("requires", {})),
            chosen=body.get("chosen"),
            candidates=[candidate | {"name": names.get(candidate["agent_id"])} for candidate in candidates],
            excluded=body.get("excluded", {}),
            relaxation_step=body.get("relaxation_step", 0),
        )


def skill_levels(skills: Mapping[str, int]) -> list[SkillLevel]:
    """Skills as a list, by name."""
    return [SkillLevel(skill=skill, level=level) for skill, level in sorted(skills.items())]


def conversation_fields(shown: Shown, item: WorkItem | None, assignment: Assignment | None) -> dict[str, Any]:
    """What a conversation shows of itself."""
    contact = None
    if shown.contact_id is not None:
        contact = ContactAnswer(id=shown.contact_id, name=shown.contact_name, **shown.identities)
    return {
        "id": shown.id,
        "state": shown.state,
        "version": shown.version,
        "channel": shown.channel,
        "customer_left_at": shown.customer_left_at,
        "contact": contact,
        "work_item": WorkItemAnswer.of(item) if item else None,
        "assignment": AssignmentAnswer.of(assignment) if assignment else None,
    }
