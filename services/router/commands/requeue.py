"""A supervisor sends an item back to wait: in a queue of choice, or where the live rules send it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.router import facts
from services.router.commands.assign import open_item
from services.router.commands.hands import check_holders, end_assignments, end_offers, lock_holders
from services.router.decide.again import REQUEUED, by_choice
from services.router.decide.facts import Facts
from services.router.decide.route import Route, route
from services.router.decide.ruleset import RuleSet
from services.router.facts import By
from services.router.store import assignments, offers, work
from services.router.store.events import append
from services.router.store.offers import Ending
from services.router.store.reader import Connection
from services.router.store.work import WorkItem
from shared.errors import Fault, Refused


@dataclass(frozen=True, slots=True)
class Requeue:
    """``conversation_id`` waits again, in ``queue`` or by the rules of ``ruleset``."""

    conversation_id: UUID
    queue: str | None
    ruleset: RuleSet
    version: int
    by: By


async def requeue(conn: Connection, wish: Requeue, now: datetime) -> WorkItem:
    """Take it out of all hands and let it wait.

    Raises:
        Refused: ``not-found``, ``not-waiting`` when there is no open work, ``invalid`` queue.
        Temporary: it changed hands meanwhile.
    """
    if wish.queue is not None and wish.queue not in wish.ruleset.queues:
        raise Refused("invalid", faults=[Fault("/queue", "unknown", "There is no such queue in the live rule set.")])
    locked = await lock_holders(conn, wish.conversation_id)
    item = await open_item(conn, wish.conversation_id)
    await check_holders(conn, wish.conversation_id, locked)
    offered = await offers.open_of_items(conn, [item.id])
    gone = await end_offers(conn, [Ending(offer.id, "withdrawn", REQUEUED) for offer in offered], now)
    held = await assignments.open_of(conn, [wish.conversation_id])
    left = await end_assignments(conn, held.values(), REQUEUED, now)
    _wait_anew(item, _way(wish, item), now)
    await work.route_anew(conn, [item])
    written = [facts.offer_ended(offer, item, wish.by) for offer in gone.values()]
    written += [facts.assignment_ended(a, item, REQUEUED, wish.by) for a in left.values()]
    written.append(facts.inquiry_waiting(item, wish.by))
    await append(conn, written)
    return item


def _way(wish: Requeue, item: WorkItem) -> Route:
    way = route(wish.ruleset, Facts.from_json(item.facts), version=wish.version, received_at=item.received_at)
    return way if wish.queue is None else by_choice(way, wish.ruleset.queues[wish.queue], item.language)


def _wait_anew(item: WorkItem, way: Route, now: datetime) -> None:
    # The weight stays: what the item costs does not depend on where it waits, and due times were promised.
    item.route = replace(way, weight=item.weight).to_json()
    item.queue = way.queue
    item.first_response_due = way.first_response_due or item.first_response_due
    item.resolution_due = way.resolution_due or item.resolution_due
    item.state, item.version = "waiting", item.version + 1
    item.waiting_reason, item.next_check_at, item.waiting_since = REQUEUED, now, now
