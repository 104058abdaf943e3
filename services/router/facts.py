"""The facts that the worker and the commands write, and what each carries: enough to rebuild what it changed.

Facts about an item have its first inquiry as subject and its conversation as key; ``version`` is the item's after the
change. Those about an agent have the agent as both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.router.store.agents import Agent
from services.router.store.assignments import Assignment
from services.router.store.events import Fact
from services.router.store.messages import Message
from services.router.store.offers import Offer
from services.router.store.work import Moved, WorkItem
from shared.domain.inquiry import Inquiry


@dataclass(frozen=True, slots=True)
class By:
    """Who did it, and with which command's Idempotency-Key."""

    actor: str
    cause: str | None = None


WORKER = By("worker")


def inquiry_received(inquiry: Inquiry, conversation_id: Any, work_item_id: Any) -> Fact:
    """The router took an inquiry."""
    data = {"channel": inquiry.channel.value} | _inquiry(inquiry, conversation_id, work_item_id)
    return _fact("inquiry.received", inquiry.id, conversation_id, data, WORKER)


def inquiry_classified(
    inquiry: Inquiry, conversation_id: Any, work_item_id: Any, classification: Mapping[str, Any]
) -> Fact:
    """What the classifier said of it."""
    data = _inquiry(inquiry, conversation_id, work_item_id) | {"classification": classification}
    return _fact("inquiry.classified", inquiry.id, conversation_id, data, WORKER)


def inquiry_closed(inquiry: Inquiry, conversation_id: Any, reason: str) -> Fact:
    """It opens no work."""
    data = _inquiry(inquiry, conversation_id, None) | {"reason": reason}
    return _fact("inquiry.closed", inquiry.id, conversation_id, data, WORKER)


def inquiry_waiting(item: WorkItem, by: By) -> Fact:
    """An item waits: by which route, why, and until when it is looked at again."""
    route = item.route
    data = _item(item) | {
        "queue": item.queue,
        "rule": route["rule"],
        "rule_set": route["rule_set"],
        "requires": route["requires"],
        "prefers": route["prefers"],
        "weight": item.weight,
        "channel": item.channel,
        "language": item.language,
        "topic": item.topic,
        "urgency": item.urgency,
        "priority": route["priority"],
        "due": {"first_response_at": _iso(item.first_response_due), "resolution_at": _iso(item.resolution_due)},
        "waiting": {"reason": item.waiting_reason, "next_check_at": _iso(item.next_check_at)},
        "declined_by": [str(agent) for agent in item.declined_by],
        "received_at": _iso(item.received_at),
        "waiting_since": _iso(item.waiting_since),
    }
    return _fact("inquiry.waiting", item.inquiry_id, item.conversation_id, data, by)


def offer_ended(offer: Offer, item: WorkItem | Moved, by: By) -> Fact:
    """An offer is over: accepted, declined or withdrawn."""
    data = _item(item) | {
        "offer_id": str(offer.id),
        "agent_id": str(offer.agent_id),
        "weight": offer.weight,
        "reason": offer.reason,
    }
    return _fact(f"offer.{offer.state}", item.inquiry_id, item.conversation_id, data, by)


def assignment_started(assignment: Assignment, item: WorkItem | Moved, by: By) -> Fact:
    """An agent has it in hand."""
    data = _assignment(assignment, item) | {"since": _iso(assignment.since)}
    return _fact("assignment.started", item.inquiry_id, item.conversation_id, data, by)


def assignment_ended(assignment: Assignment, item: WorkItem | Moved, reason: str, by: By) -> Fact:
    """The agent no longer has it; ``state`` is the item's from now on."""
    data = _assignment(assignment, item) | {"reason": reason, "outcome": item.outcome, "state": item.state}
    return _fact("assignment.ended", item.inquiry_id, item.conversation_id, data, by)


def message_added(message: Message, work_item_id: Any, by: By) -> Fact:
    """The thread has grown."""
    data = {
        "conversation_id": str(message.conversation_id),
        "work_item_id": _id(work_item_id),
        "message_id": str(message.id),
        "seq": message.seq,
        "from": message.sender,
        "inquiry_id": _id(message.inquiry_id),
    }
    return _fact("message.added", message.inquiry_id or message.conversation_id, message.conversation_id, data, by)


def customer_left(conversation_id: Any, work_item_id: Any, at: datetime) -> Fact:
    """The customer has ended the chat; their work stays, for they may come back."""
    data = {"conversation_id": str(conversation_id), "work_item_id": _id(work_item_id), "at": _iso(at)}
    return _fact("customer.left", conversation_id, conversation_id, data, WORKER)


def presence_changed(agent: Agent, by: By) -> Fact:
    """An agent takes work, or does not."""
    data = {
        "agent_id": str(agent.id),
        "state": agent.presence,
        "source": agent.presence_source,
        "until": _iso(agent.lease_until),
        "capacity": agent.capacity,
        "load": agent.load,
        "version": agent.version,
    }
    return _fact("presence.changed", agent.id, agent.id, data, by)


def agent_changed(agent: Agent, by: By) -> Fact:
    """An agent's skills or capacity are others."""
    data = {
        "agent_id": str(agent.id),
        "skills": dict(agent.skills),
        "capacity": agent.capacity,
        "version": agent.version,
    }
    return _fact("agent.changed", agent.id, agent.id, data, by)


def _inquiry(inquiry: Inquiry, conversation_id: Any, work_item_id: Any) -> dict[str, Any]:
    return {
        "inquiry_id": str(inquiry.id),
        "conversation_id": _id(conversation_id),
        "work_item_id": _id(work_item_id),
    }


def _item(item: WorkItem | Moved) -> dict[str, Any]:
    return {
        "work_item_id": str(item.id),
        "inquiry_id": str(item.inquiry_id),
        "conversation_id": str(item.conversation_id),
        "version": item.version,
    }


def _assignment(assignment: Assignment, item: WorkItem | Moved) -> dict[str, Any]:
    return _item(item) | {
        "assignment_id": str(assignment.id),
        "agent_id": str(assignment.agent_id),
        "weight": assignment.weight,
    }


def _fact(kind: str, subject: Any, key: Any, data: dict[str, Any], by: By) -> Fact:
    return Fact(kind, str(subject), str(key or subject), data, cause=by.cause, actor=by.actor)


def _id(value: Any) -> str | None:
    return None if value is None else str(value)


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
