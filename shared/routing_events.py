"""What each fact on ``routing.events`` carries. The router writes them as they happen; these are the promise.

Ids and times are text in JSON. ``version`` is the object's after the change, so that a reader can tell what is news.
A field may be added to a body at any time; one that is removed, or means something else, makes a new version.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.domain.classification import Classification
from shared.domain.inquiry import Channel
from shared.domain.value import Value
from shared.domain.work import Presence


class _AboutInquiry(Value):
    inquiry_id: UUID
    conversation_id: UUID | None
    work_item_id: UUID | None


class InquiryTaken(_AboutInquiry):
    """Body of ``inquiry.received``: the router has it, in this conversation and work, if any."""

    channel: Channel


class InquiryRead(_AboutInquiry):
    """Body of ``inquiry.classified``: what the classifier said."""

    classification: Classification


class InquiryClosed(_AboutInquiry):
    """Body of ``inquiry.closed``: it opens no work, for this reason."""

    reason: str


class _AboutWork(Value):
    work_item_id: UUID
    inquiry_id: UUID
    conversation_id: UUID
    version: int


class Due(Value):
    """When something is due."""

    first_response_at: datetime | None
    resolution_at: datetime | None


class Waiting(Value):
    """Why it waits, and when that is looked at next."""

    reason: str
    next_check_at: datetime | None


class WorkWaits(_AboutWork):
    """Body of ``inquiry.waiting``: by which rule it waits in which queue, for whom, and why."""

    queue: str
    rule: str
    rule_set: int
    requires: dict[str, int]
    prefers: dict[str, int]
    weight: int
    channel: Channel
    language: str
    topic: str
    urgency: int
    priority: int
    due: Due
    waiting: Waiting
    declined_by: tuple[UUID, ...]
    received_at: datetime
    waiting_since: datetime


class OfferMade(_AboutWork):
    """Body of ``offer.made``: the work is before an agent; the decision says why."""

    offer_id: UUID
    agent_id: UUID
    queue: str
    weight: int
    decision_id: UUID
    made_at: datetime
    expires_at: datetime


class OfferEnded(_AboutWork):
    """Body of ``offer.accepted``, ``declined``, ``lapsed`` and ``withdrawn``."""

    offer_id: UUID
    agent_id: UUID
    weight: int
    reason: str | None
    ended_at: datetime | None = None


class _AboutAssignment(_AboutWork):
    assignment_id: UUID
    agent_id: UUID
    weight: int


class AssignmentStarted(_AboutAssignment):
    """Body of ``assignment.started``: an agent has it in hand."""

    since: datetime


class AssignmentEnded(_AboutAssignment):
    """Body of ``assignment.ended``; ``state`` is the work's from now on."""

    reason: str
    outcome: str | None
    state: str


class MessageAdded(Value):
    """Body of ``message.added``: a conversation has grown. The text stays where it is."""

    conversation_id: UUID
    work_item_id: UUID | None
    message_id: UUID
    seq: int
    sender: Literal["customer", "agent"] = Field(alias="from")
    inquiry_id: UUID | None


class CustomerLeft(Value):
    """Body of ``customer.left``: they have ended the chat, and may come back to it."""

    conversation_id: UUID
    work_item_id: UUID | None
    at: datetime


class PresenceChanged(Value):
    """Body of ``presence.changed``: an agent takes work, or does not."""

    agent_id: UUID
    state: Presence
    source: Literal["stream", "lease"]
    until: datetime | None
    capacity: int
    load: int
    version: int


class AgentChanged(Value):
    """Body of ``agent.changed``: skills or capacity are others."""

    agent_id: UUID
    skills: dict[str, int]
    capacity: int
    version: int


class RuleSetPublished(Value):
    """Body of ``ruleset.published``: this version of the rules is in force."""

    version: int
