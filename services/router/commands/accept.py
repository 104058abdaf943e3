"""An agent takes an offer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.router import facts
from services.router.facts import By
from services.router.store import agents, assignments, offers, turns
from services.router.store.assignments import Assignment
from services.router.store.events import Fact, append
from services.router.store.offers import Offer
from services.router.store.reader import Connection
from services.router.store.work import Moved
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
    started = {i: begun(found[i], now) for i in mine if found[i].state == "open"}
    taken = await turns.take(conn, [(offer_id, one.id) for offer_id, one in started.items()], now)
    ended = {offer_id: replace(found[offer_id], state="accepted") for offer_id in taken}
    written: list[Fact] = []
    for offer in ended.values():
        item = Moved(offer.work_item_id, offer.inquiry_id, offer.conversation_id, taken[offer.id].version, "assigned")
        by = mine[offer.id].by
        written += [facts.offer_ended(offer, item, by), facts.assignment_started(started[offer.id], item, by)]
    before = [derived_id("assignment", str(i)) for i in mine if found[i].state == "accepted"]
    earlier = await assignments.by_id(conn, before) if before else {}
    await append(conn, written)
    return [
        Accepted(started[wish.offer_id], ended[wish.offer_id], taken[wish.offer_id].channel)
        if wish.offer_id in taken
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
