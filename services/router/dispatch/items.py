"""A work item in memory, waiting or held, and the class that it waits in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.router.decide.work import WaitingItem
from services.router.dispatch.snapshot import ItemRow

FIRST_CHECK = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class WaitingClass:
    """Items that the same agents can take: when none can take the first, none can take the others."""

    requires: tuple[tuple[str, int], ...]
    weight: int
    one_at_a_time: bool
    refused: frozenset[str]
    last_resort: frozenset[str]
    step: int


@dataclass(slots=True)
class Entry:
    """``pending``: a write about it is on its way or has missed, so it is left alone until memory has caught up."""

    item: WaitingItem
    inquiry_id: str
    rule_set: int
    state: str
    reason: str | None
    next_check_at: datetime
    trigger: str = "arrival"
    waits_in: WaitingClass | None = None
    pending: bool = False

    @property
    def ready(self) -> bool:
        """Whether it may be offered."""
        return self.state == "waiting" and not self.pending


@dataclass(frozen=True, slots=True)
class OpenOffer:
    """An offer that is before an agent."""

    id: str
    item_id: str
    agent_id: str
    made_at: datetime
    expires_at: datetime


def entry_of_row(row: ItemRow, now: datetime) -> Entry:
    """The entry of a table's row; one without a next check is checked at once."""
    item = WaitingItem(
        id=row.id,
        version=row.version,
        channel=row.channel,
        language=row.language,
        topic=row.topic,
        urgency=row.urgency,
        queue=row.queue,
        requires=dict(row.route["requires"]),
        prefers=dict(row.route["prefers"]),
        weight=row.weight,
        priority=int(row.route["priority"]),
        received_at=row.received_at,
        first_response_due=row.first_response_due,
        declined=dict(row.declined),
        lapsed=dict(row.lapsed),
    )
    rule_set = int(row.route["rule_set"])
    return Entry(item, row.inquiry_id, rule_set, row.state, row.waiting_reason, row.next_check_at or now)


def entry_of_fact(data: Mapping[str, Any], at: datetime, known: Entry | None) -> Entry:
    """The entry of an ``inquiry.waiting`` fact; what earlier facts said of refusals is carried on."""
    declined = known.item.declined if known else {}
    lapsed = known.item.lapsed if known else {}
    item = WaitingItem(
        id=data["work_item_id"],
        version=data["version"],
        channel=data["channel"],
        language=data["language"],
        topic=data["topic"],
        urgency=data["urgency"],
        queue=data["queue"],
        requires=dict(data["requires"]),
        prefers=dict(data["prefers"]),
        weight=data["weight"],
        priority=data["priority"],
        received_at=datetime.fromisoformat(data["received_at"]),
        first_response_due=_time(data["due"].get("first_response_at")),
        declined={agent: declined.get(agent, at) for agent in data["declined_by"]},
        lapsed=dict(lapsed),
    )
    waiting = data["waiting"]
    check = _time(waiting.get("next_check_at")) or at + FIRST_CHECK
    trigger = "arrival" if known is None else "return"
    return Entry(item, data["inquiry_id"], data["rule_set"], "waiting", waiting.get("reason"), check, trigger)


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
