"""States and words of routed work."""

from __future__ import annotations

from enum import StrEnum

from shared.domain.inquiry import Channel


class InquiryState(StrEnum):
    """The life of an inquiry; one that joined a conversation has the state of its work item."""

    RECEIVED = "received"
    CLASSIFIED = "classified"
    WAITING = "waiting"
    OFFERED = "offered"
    ASSIGNED = "assigned"
    PAUSED = "paused"
    COMPLETED = "completed"
    CLOSED = "closed"
    QUARANTINED = "quarantined"
    ERASED = "erased"


class OfferState(StrEnum):
    """The life of an offer; all but ``open`` are final."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


class Presence(StrEnum):
    """Whether an agent takes work."""

    AVAILABLE = "available"
    BUSY = "busy"
    AWAY = "away"
    OFFLINE = "offline"


WEIGHTS: dict[Channel, int] = {
    Channel.VOICEMAIL: 100,
    Channel.DESK: 100,
    Channel.CHAT: 33,
    Channel.EMAIL: 15,
    Channel.WEB: 15,
    Channel.API: 15,
}
"""How much of an agent's capacity of 100 one item of a channel costs."""

ONE_AT_A_TIME = frozenset({Channel.EMAIL, Channel.WEB, Channel.API})
"""Channels of which an agent has one item in work at a time (attention)."""
