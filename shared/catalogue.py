"""Every kind of event on the log: its stream, its body, in words. What is not listed is not ours, or of another time."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shared import routing_events as facts
from shared.domain.value import Value
from shared.errors import Undecodable
from shared.events import (
    CLASSIFIED,
    RECEIVED,
    REPLIES,
    ROUTING,
    ChatEnded,
    InquiryClassified,
    InquiryReceived,
    ReplyRequested,
    event_type,
)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of event."""

    stream: str
    name: str
    body: type[Value]
    words: str


CATALOGUE = (
    Kind(RECEIVED, "inquiry.received", InquiryReceived, "An inquiry was committed at a door."),
    Kind(CLASSIFIED, "inquiry.classified", InquiryClassified, "An inquiry, with what the classifier says of it."),
    Kind(CLASSIFIED, "chat.ended", ChatEnded, "The customer has left a chat, behind all that they wrote."),
    Kind(ROUTING, "inquiry.received", facts.InquiryTaken, "The router has taken an inquiry."),
    Kind(ROUTING, "inquiry.classified", facts.InquiryRead, "What the classifier said of an inquiry."),
    Kind(ROUTING, "inquiry.waiting", facts.WorkWaits, "Work waits in a queue, with its reason and next check."),
    Kind(ROUTING, "inquiry.closed", facts.InquiryClosed, "An inquiry opens no work."),
    Kind(ROUTING, "offer.made", facts.OfferMade, "Work was put before an agent."),
    Kind(ROUTING, "offer.accepted", facts.OfferEnded, "The agent took it."),
    Kind(ROUTING, "offer.declined", facts.OfferEnded, "The agent did not want it."),
    Kind(ROUTING, "offer.lapsed", facts.OfferEnded, "The agent did not answer in time."),
    Kind(ROUTING, "offer.withdrawn", facts.OfferEnded, "The offer was taken back."),
    Kind(ROUTING, "assignment.started", facts.AssignmentStarted, "An agent has work in hand."),
    Kind(ROUTING, "assignment.ended", facts.AssignmentEnded, "An agent no longer has it."),
    Kind(ROUTING, "message.added", facts.MessageAdded, "A conversation has grown by a message."),
    Kind(ROUTING, "customer.left", facts.CustomerLeft, "The customer has left the chat; their work stays."),
    Kind(ROUTING, "presence.changed", facts.PresenceChanged, "An agent takes work, or does not."),
    Kind(ROUTING, "agent.changed", facts.AgentChanged, "An agent's skills or capacity are others."),
    Kind(ROUTING, "ruleset.published", facts.RuleSetPublished, "Another version of the rules is in force."),
    Kind(REPLIES, "reply.requested", ReplyRequested, "An agent's answer is on its way to the customer."),
)

_TYPES = frozenset(event_type(kind.name) for kind in CATALOGUE)
_OURS = re.compile(r"(inquiryrouter\.[a-z.]+)\.v[0-9]+")


def check_type(type_: str) -> None:
    """Tell what a reader may pass over (a name of ours that it does not know) from what it must not.

    Raises:
        Undecodable: a known name in an unknown version, or nothing of ours at all.
    """
    if type_ in _TYPES:
        return
    ours = _OURS.fullmatch(type_)
    if ours is None:
        raise Undecodable(f"not an event type of ours: {type_!r}")
    if f"{ours[1]}.v1" in _TYPES:
        raise Undecodable(f"unknown version: {type_!r}")
