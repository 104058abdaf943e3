"""An agent takes an offer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.router import facts
from services.router.facts import By
from services.router.store import agents, assignments, offers, work
from services.router.store.assignments import Assignment
from services.router.store.events import Fact, append
from services.router.store.offers import Ending, Offer
from services.router.store.reader import Connection
from shared.domain.ids import derived_id
from shared.errors import Refused

ASSIGNED = "assigned"
"""The reason of an offer that was withdrawn because a supervisor gave the item to somebody else."""


@dataclass(frozen=True, slots=True)
class Accept:
    """``agent_id`` wants the work behind ``offer_id``."""

    offer_id: UUID
    agent_id: UUID
    by: By


@dataclass(frozen=True, slots=True)
class Accepted:
    """The assignment, and the offer if it was accepted just now."""

    assignment: Assignment
    offer: Offer | None = None
    channel: str | None = None


async def accept(conn: Connection, wishes: Sequence[Accept], now: datetime) -> list[Accepted | Exception]:
    """Accept what is still open; an agent who has accepted before gets the same assignment."""
    await agents.lock(conn, {wish.agent_id for wish in wishes})
    found = await offers.by_id(conn, [wish.offer_id for wish in wishes])
    mine = {w.offer_id: w for w in wishes if w.offer_id in found and found[w.offer_id].agent_id == w.agent_id}
    open_now = [found[offer_id] for offer_id in mine if found[offer_id].state == "open"]
    items = await work.lock(conn, {offer.work_item_id for offer in open_now}) if open_now else {}
    takeable = [offer for offer in open_now if items[offer.work_item_id].state == "offered"]
    ended = await offers.end(conn, [Ending(offer.id, "accepted") for offer in takeable], now)
    started = {offer.id: begun(offer, now) for offer in ended.values()}
    await assignments.start(conn, list(started.values()))
    changed = await work.assign(conn, {a.work_item_id for a in started.values()}) if started else {}
    written: list[Fact] = []
    for offer in ended.values():
        item, by = changed[offer.work_item_id], mine[offer.id].by
        written += [facts.offer_ended(offer, item, by), facts.assignment_started(started[offer.id], item, by)]
    before = [derived_id("assignment", str(i)) for i in mine if found[i].state == "accepted"]
    earlier = await assignments.by_id(conn, before) if before else {}
    await append(conn, written)
    channels = {item.id: item.channel for item in changed.values()}
    return [
        Accepted(started[wish.offer_id], ended[wish.offer_id], channels[ended[wish.offer_id].work_item_id])
        if wish.offer_id in started
        else _before(wish, found.get(wish.offer_id), earlier)
        for wish in wishes
    ]


def begun(offer: Offer, now: datetime) -> Assignment:
    """The assignment that accepting ``offer`` starts."""
    return Assignment(
        id=derived_id("assignment", str(offer.id)),
        work_item_id=offer.work_item_id,
        conversation_id=offer.conversation_id,
        inquiry_id=offer.inquiry_id,
        agent_id=offer.agent_id,
        weight=offer.weight,
        since=now,
    )


def refusal(offer: Offer) -> Refused:
    """Why an offer that has ended cannot be answered any more."""
    if offer.state == "withdrawn" and offer.reason == ASSIGNED:
        return Refused("offer-taken", "The supervisor gave it to another agent.")
    if offer.state in {"lapsed", "withdrawn", "declined"}:
        return Refused(f"offer-{offer.state}")
    return Refused("conflict", f"The offer is {offer.state}.")


def _before(wish: Accept, offer: Offer | None, earlier: dict[UUID, Assignment]) -> Accepted | Exception:
    if offer is None or offer.agent_id != wish.agent_id:
        return Refused("not-found")
    assignment = earlier.get(derived_id("assignment", str(offer.id)))
    return Accepted(assignment) if assignment else refusal(offer)
