"""Taking work out of hands: open offers withdrawn, assignments ended, the load given back.

The agents and items concerned are locked already, agents first.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from services.router.store import agents, assignments, offers
from services.router.store.assignments import Assignment
from services.router.store.offers import Ending, Offer
from services.router.store.reader import Connection
from shared.errors import Temporary

WAITS_AFTER = {"declined": "offer_declined", "withdrawn": "offer_withdrawn"}
"""Why an item waits when its offer has ended so."""


async def holders(conn: Connection, conversation: UUID) -> set[UUID]:
    """The agents who have the conversation in hand or on offer."""
    held = await assignments.open_of(conn, [conversation])
    offered = await offers.open_in_conversations(conn, [conversation])
    return {a.agent_id for a in held.values()} | {o.agent_id for o in offered}


async def lock_holders(conn: Connection, conversation: UUID, others: Collection[UUID] = ()) -> dict[UUID, agents.Agent]:
    """Lock those agents, and ``others``."""
    return await agents.lock(conn, await holders(conn, conversation) | set(others))


async def check_holders(conn: Connection, conversation: UUID, locked: Collection[UUID]) -> None:
    """Once the item is locked too: nobody else has got it meanwhile.

    Raises:
        Temporary: somebody has; start again.
    """
    if await holders(conn, conversation) - set(locked):
        raise Temporary("it changed hands meanwhile", retry_after=0.1)


async def end_offers(conn: Connection, endings: Sequence[Ending], now: datetime) -> dict[UUID, Offer]:
    """End the offers that are still open and give the load back."""
    ended = await offers.end(conn, endings, now)
    await agents.give_load(conn, [(o.agent_id, -o.weight) for o in ended.values()], now)
    return ended


async def end_assignments(
    conn: Connection,
    held: Collection[Assignment],
    reason: str,
    now: datetime,
) -> dict[UUID, Assignment]:
    """End the assignments that have not ended and give the load back."""
    ended = await assignments.end(conn, [(one.id, reason) for one in held], now)
    await agents.give_load(conn, [(a.agent_id, -a.weight) for a in ended.values()], now)
    return ended
