"""What each reader sees of an inquiry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from shared.access.caller import Caller
from shared.http.types import Answer, Timestamp

READS_ALL = ("operations", "supervisor", "auditor")


class SenderView(Answer):
    """The customer, as far as known."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    handle: str | None = None


class OfferView(Answer):
    """An open offer."""

    id: UUID
    agent_id: UUID
    expires_at: Timestamp


class AssignmentView(Answer):
    """Who has it in hand."""

    id: UUID
    agent_id: UUID
    since: Timestamp


class Requirement(Answer):
    """A skill that the agent must have."""

    skill: str
    level: int


class DueView(Answer):
    """Until when, by the service level."""

    first_response_at: Timestamp | None = None
    resolution_at: Timestamp | None = None


class WaitingView(Answer):
    """Why it waits, and when that is looked at again."""

    reason: str
    next_check_at: Timestamp | None = None


class RoutingView(Answer):
    """Where the rules put it, and why it waits there if it does."""

    queue: str
    rule: str | None = None
    rule_set: int | None = None
    requires: tuple[Requirement, ...] = ()
    due: DueView = DueView()
    waiting: WaitingView | None = None


class InquiryView(Answer):
    """One inquiry with all that is known of it; parts not known yet are ``null``."""

    id: UUID
    channel: str
    state: str
    received_at: Timestamp
    updated_at: Timestamp
    version: int
    subject: str | None = None
    sender: SenderView | None = None
    conversation_id: UUID | None = None
    work_item_id: UUID | None = None
    classification: dict[str, Any] | None = None
    routing: RoutingView | None = None
    offer: OfferView | None = None
    assignment: AssignmentView | None = None
    outcome: str | None = None
    reason: str | None = None


def may_read(caller: Caller, row: Mapping[str, Any]) -> bool:
    """Whether the inquiry exists for ``caller``: all for some roles, one's own, or what was ever put before an agent."""
    if caller.has(*READS_ALL) or row["caller"] == caller.id:
        return True
    return caller.agent_id is not None and str(caller.agent_id) in (row["agents"] or "").split()


def view(caller: Caller, row: Mapping[str, Any]) -> InquiryView:
    """``row`` as ``caller`` may see it; the auditor sees what was done with it, not what was written in it."""
    fields = {name: row[name] for name in InquiryView.model_fields}
    if fields["sender"] is None:
        fields["sender"] = {}
    if caller.has("auditor") and not caller.has("operations", "supervisor") and row["caller"] != caller.id:
        fields |= {"subject": None, "sender": None}
        if fields["classification"]:
            fields["classification"] = fields["classification"] | {"passage": None}
    return InquiryView.model_validate(fields)
