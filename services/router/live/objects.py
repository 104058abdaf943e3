"""The objects of views, read from the tables: in ``state`` all of a view, in ``events`` those that were touched.

Objects are read after the fact that touched them, so they may be newer than it: never older. Their versions rise with
each change of what they show, so a client that applies only what is newer ends with the later state.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from services.router import showing
from services.router.answers import AgentAnswer, MessageAnswer, OfferAnswer, PresenceAnswer
from services.router.store import agents, assignments, messages, offers
from services.router.store.agents import Agent
from services.router.store.offers import Offer
from services.router.store.reader import Reader

Ref = tuple[str, str]
"""Type and id of an object."""
Row = dict[str, Any]
"""An object with ``type``, ``id`` and ``version``."""


async def presence(reader: Reader, agent: UUID) -> dict[Ref, Row]:
    """The agent's presence."""
    found = (await agents.by_id(reader, [agent])).get(agent)
    if found is None:
        return {}
    return _keyed([_row("presence", agent, found.version, PresenceAnswer.of(found))])


async def desk(reader: Reader, agent: UUID) -> dict[Ref, Row]:
    """What is before the agent: open offers, and conversations in hand."""
    open_offers = await offers.open_of_agents(reader, [agent])
    held = await assignments.open_of_agent(reader, agent)
    in_hand = await showing.rows(reader, {assignment.conversation_id for assignment in held})
    rows = [_offer(offer) for offer in open_offers]
    rows += [_row("conversation", row.id, row.version, row) for row in in_hand.values()]
    return _keyed(rows)


async def desk_parts(
    reader: Reader, agent: UUID, touched_offers: Collection[UUID], touched: Collection[UUID]
) -> dict[Ref, Row | None]:
    """Those of the desk's objects; ``None`` for what is not on it any more."""
    found: dict[Ref, Row | None] = {("offer", str(offer)): None for offer in touched_offers}
    found |= {("conversation", str(conversation)): None for conversation in touched}
    for offer in (await offers.by_id(reader, touched_offers)).values() if touched_offers else ():
        if offer.state == "open" and offer.agent_id == agent:
            found["offer", str(offer.id)] = _offer(offer)
    held = await assignments.open_of(reader, touched) if touched else {}
    mine = {place for place, assignment in held.items() if assignment.agent_id == agent}
    for row in (await showing.rows(reader, mine)).values():
        found["conversation", str(row.id)] = _row("conversation", row.id, row.version, row)
    return found


async def item(reader: Reader, conversation: UUID) -> dict[Ref, Row]:
    """One conversation and its messages."""
    return await _conversation(reader, conversation) | _messages(await messages.of(reader, conversation))


async def item_parts(
    reader: Reader, conversation: UUID, touched: Collection[UUID], *, only_for: UUID | None
) -> dict[Ref, Row | None]:
    """The conversation, and those of its messages; all of it gone when the agent ``only_for`` may not see it."""
    if only_for is not None and not await assignments.may_see(reader, conversation, only_for):
        thread = await messages.of(reader, conversation)
        gone: list[Ref] = [("conversation", str(conversation)), *(("message", str(one.id)) for one in thread)]
        return dict.fromkeys(gone)
    found = await messages.by_id(reader, touched) if touched else []
    return {**await _conversation(reader, conversation), **_messages(found)}


async def everyone(reader: Reader) -> dict[Ref, Row]:
    """All agents."""
    return _agents(await agents.everyone(reader))


async def agent_parts(reader: Reader, touched: Collection[UUID]) -> dict[Ref, Row]:
    """Those agents."""
    return _agents((await agents.by_id(reader, touched)).values())


def queues(counted: dict[str, dict[str, Any]], position: int) -> dict[Ref, Row]:
    """What the tally says at ``position``."""
    return _keyed([{"type": "queue", "id": name, "version": position} | row for name, row in counted.items()])


async def _conversation(reader: Reader, conversation: UUID) -> dict[Ref, Row]:
    rows = await showing.rows(reader, [conversation])
    return _keyed([_row("conversation", row.id, row.version, row) for row in rows.values()])


def _messages(found: Collection[messages.Message]) -> dict[Ref, Row]:
    rows = [(_row("message", message.id, 1, MessageAnswer.of(message)), message) for message in found]
    return _keyed([row | {"conversation_id": str(message.conversation_id)} for row, message in rows])


def _agents(found: Iterable[Agent]) -> dict[Ref, Row]:
    return _keyed([_row("agent", agent.id, agent.version, AgentAnswer.of(agent)) for agent in found])


def _offer(offer: Offer) -> Row:
    return _row("offer", offer.id, 1 if offer.state == "open" else 2, OfferAnswer.of(offer))


def _row(kind: str, row_id: UUID, version: int, shown: BaseModel) -> Row:
    fields = shown.model_dump(mode="json", by_alias=True)
    return {"type": kind, "id": str(row_id), "version": version} | {
        name: value for name, value in fields.items() if name not in {"id", "version"}
    }


def _keyed(rows: Collection[Row]) -> dict[Ref, Row]:
    return {(row["type"], row["id"]): row for row in rows}
