"""An agent takes work, or stops: what is on offer to one who stops goes back at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.router import facts
from services.router.commands.hands import WAITS_AFTER, end_offers
from services.router.facts import By
from services.router.store import agents, offers, work
from services.router.store.agents import Agent
from services.router.store.events import Fact, append
from services.router.store.offers import Ending
from services.router.store.reader import Connection
from shared.domain.work import Presence
from shared.errors import Refused

LEASE, STREAM = "lease", "stream"


@dataclass(frozen=True, slots=True)
class SetPresence:
    """``agent_id`` is ``state`` for ``for_seconds``, or without them for as long as a live stream stands."""

    agent_id: UUID
    state: Presence
    for_seconds: int | None
    by: By


async def set_presence(conn: Connection, wishes: Sequence[SetPresence], now: datetime) -> list[Agent | Exception]:
    """Set the presences; the agents as they are then, their load without the offers withdrawn."""
    known = await agents.lock(conn, {wish.agent_id for wish in wishes})
    by = {wish.agent_id: wish.by for wish in wishes}
    leaving = [w.agent_id for w in wishes if w.state is not Presence.AVAILABLE and w.agent_id in known]
    written = await _withdraw(conn, leaving, by, now)
    rows = [_row(wish, now) for wish in wishes if wish.agent_id in known]
    changed = await agents.set_presence(conn, rows, now) if rows else {}
    written += [facts.presence_changed(agent, by[agent.id]) for agent in changed.values()]
    await append(conn, written)
    return [changed.get(wish.agent_id) or Refused("not-found", "There is no such agent.") for wish in wishes]


def _row(wish: SetPresence, now: datetime) -> tuple[UUID, str, str, datetime | None]:
    if wish.for_seconds is None:
        return wish.agent_id, wish.state.value, STREAM, None
    return wish.agent_id, wish.state.value, LEASE, now + timedelta(seconds=wish.for_seconds)


async def _withdraw(conn: Connection, leaving: Sequence[UUID], by: dict[UUID, By], now: datetime) -> list[Fact]:
    before = await offers.open_of_agents(conn, leaving) if leaving else []
    if not before:
        return []
    items = await work.lock(conn, {offer.work_item_id for offer in before})
    ended = await end_offers(conn, [Ending(offer.id, "withdrawn", "agent_left") for offer in before], now)
    back = [(o.work_item_id, WAITS_AFTER["withdrawn"], None) for o in ended.values()]
    items |= await work.wait(conn, [row for row in back if items[row[0]].state == "offered"], now)
    written: list[Fact] = []
    for offer in ended.values():
        item = items[offer.work_item_id]
        written.append(facts.offer_ended(offer, item, by[offer.agent_id]))
        if item.state == "waiting":
            written.append(facts.inquiry_waiting(item, by[offer.agent_id]))
    return written
