"""A supervisor puts an item into an agent's hands, whoever has it or is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from services.router import facts
from services.router.commands.accept import ASSIGNED, begun
from services.router.commands.hands import check_holders, end_assignments, end_offers, lock_holders
from services.router.facts import By
from services.router.store import agents, assignments, conversations, offers, work
from services.router.store.agents import Agent
from services.router.store.assignments import Assignment
from services.router.store.events import append
from services.router.store.offers import Ending, Offer
from services.router.store.reader import Connection
from services.router.store.work import WorkItem
from shared.errors import Fault, Refused

REASSIGNED = "reassigned"


@dataclass(frozen=True, slots=True)
class Assign:
    """``agent_id`` gets ``conversation_id``, at once."""

    conversation_id: UUID
    agent_id: UUID
    by: By


async def assign(conn: Connection, wish: Assign, now: datetime) -> Assignment:
    """Assign; an agent who has it already keeps it.

    Raises:
        Refused: ``not-found``, ``invalid`` agent, ``not-waiting`` when there is no open work, ``agent-full``.
        Temporary: it changed hands meanwhile.
    """
    locked = await lock_holders(conn, wish.conversation_id, [wish.agent_id])
    if wish.agent_id not in locked:
        raise Refused("invalid", faults=[Fault("/agent_id", "unknown", "There is no such agent.")])
    item = await open_item(conn, wish.conversation_id)
    await check_holders(conn, wish.conversation_id, locked)
    held = (await assignments.open_of(conn, [wish.conversation_id])).get(wish.conversation_id)
    if held is not None and held.agent_id == wish.agent_id:
        return held
    offered = await offers.open_of_items(conn, [item.id])
    _check_room(locked[wish.agent_id], item, offered)
    return await _hand_over(conn, wish, item, held, offered, now)


async def open_item(conn: Connection, conversation: UUID) -> WorkItem:
    """The work of ``conversation`` that is not done, locked.

    Raises:
        Refused: ``not-found`` or ``not-waiting``.
    """
    items = await work.open_of(conn, [conversation])
    if not items:
        there = await conversations.known(conn, conversation)
        raise Refused("not-waiting", "Its work is done.") if there else Refused("not-found")
    return items[0]


def _check_room(agent: Agent, item: WorkItem, offered: list[Offer]) -> None:
    counted = sum(offer.weight for offer in offered if offer.agent_id == agent.id)
    if agent.load - counted + item.weight > agent.capacity:
        raise Refused("agent-full", f"Load {agent.load} and weight {item.weight} exceed {agent.capacity}.")


async def _hand_over(
    conn: Connection, wish: Assign, item: WorkItem, held: Assignment | None, offered: list[Offer], now: datetime
) -> Assignment:
    own = next((offer for offer in offered if offer.agent_id == wish.agent_id), None)
    endings = [
        Ending(offer.id, "accepted") if offer is own else Ending(offer.id, "withdrawn", ASSIGNED) for offer in offered
    ]
    gone = await end_offers(conn, endings, now)
    left = await end_assignments(conn, [held] if held else [], REASSIGNED, now)
    assignment = begun(own, now) if own else _new(wish, item, now)
    await agents.give_load(conn, [(wish.agent_id, item.weight)], now)
    await assignments.start(conn, [assignment])
    changed = (await work.assign(conn, [item.id]))[item.id]
    written = [facts.offer_ended(offer, changed, wish.by) for offer in gone.values()]
    written += [facts.assignment_ended(a, changed, REASSIGNED, wish.by) for a in left.values()]
    written.append(facts.assignment_started(assignment, changed, wish.by))
    await append(conn, written)
    return assignment


def _new(wish: Assign, item: WorkItem, now: datetime) -> Assignment:
    return Assignment(
        id=uuid4(),
        work_item_id=item.id,
        conversation_id=item.conversation_id,
        inquiry_id=item.inquiry_id,
        agent_id=wish.agent_id,
        weight=item.weight,
        since=now,
    )
