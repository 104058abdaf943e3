"""An agent does not take an offer: the item waits again, and goes to others first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.router import facts
from services.router.commands.accept import refusal
from services.router.commands.hands import WAITS_AFTER, end_offers
from services.router.facts import By
from services.router.store import agents, offers, work
from services.router.store.events import Fact, append
from services.router.store.offers import Ending, Offer
from services.router.store.reader import Connection
from shared.errors import Refused


@dataclass(frozen=True, slots=True)
class Decline:
    """``agent_id`` does not want the work behind ``offer_id``; ``should_be`` is where it belongs instead."""

    offer_id: UUID
    agent_id: UUID
    reason: str
    note: str | None
    should_be: str | None
    by: By


async def decline(conn: Connection, wishes: Sequence[Decline], now: datetime) -> list[Offer | Exception]:
    """Decline what is still open; declining again changes nothing and answers the same."""
    await agents.lock(conn, {wish.agent_id for wish in wishes})
    found = await offers.by_id(conn, [wish.offer_id for wish in wishes])
    mine = {w.offer_id: w for w in wishes if w.offer_id in found and found[w.offer_id].agent_id == w.agent_id}
    open_now = [found[offer_id] for offer_id in mine if found[offer_id].state == "open"]
    items = await work.lock(conn, {offer.work_item_id for offer in open_now}) if open_now else {}
    wishes_open = [mine[offer.id] for offer in open_now]
    endings = [Ending(w.offer_id, "declined", w.reason, w.note, w.should_be) for w in wishes_open]
    ended = await end_offers(conn, endings, now)
    back = [
        (offer.work_item_id, WAITS_AFTER["declined"], offer.agent_id)
        for offer in ended.values()
        if items[offer.work_item_id].state == "offered"
    ]
    items |= await work.wait(conn, back, now)
    written: list[Fact] = []
    for offer in ended.values():
        item, by = items[offer.work_item_id], mine[offer.id].by
        written.append(facts.offer_ended(offer, item, by))
        if item.state == "waiting":
            written.append(facts.inquiry_waiting(item, by))
    await append(conn, written)
    return [_answer(wish, found.get(wish.offer_id), ended) for wish in wishes]


def _answer(wish: Decline, offer: Offer | None, ended: dict[UUID, Offer]) -> Offer | Exception:
    if offer is None or offer.agent_id != wish.agent_id:
        return Refused("not-found")
    if offer.id in ended:
        return ended[offer.id]
    return offer if offer.state == "declined" else refusal(offer)
