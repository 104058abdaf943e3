"""Who may see what: agents what they hold or are offered, supervisors and operations everything."""

from __future__ import annotations

from uuid import UUID

from services.router.store import assignments, conversations
from services.router.store.decisions import Decision
from services.router.store.reader import Reader
from shared.access.caller import Caller
from shared.errors import Refused

ALL_WORK = ("operations", "supervisor")


def agent_of(caller: Caller) -> UUID:
    """The agent that the caller is.

    Raises:
        Refused: ``forbidden``; nobody's seat.
    """
    if caller.agent_id is None or not caller.has("agent"):
        raise Refused("forbidden", "This is for agents.")
    return caller.agent_id


async def may_see(reader: Reader, caller: Caller, conversation: UUID) -> bool:
    """Whether the conversation is there for the caller."""
    if caller.has(*ALL_WORK):
        return await conversations.known(reader, conversation)
    return caller.agent_id is not None and await assignments.may_see(reader, conversation, caller.agent_id)


async def check_sight(reader: Reader, caller: Caller, conversation: UUID) -> None:
    """The conversation is there for the caller.

    Raises:
        Refused: ``not-found``, whether it is nowhere or only not theirs.
    """
    if not await may_see(reader, caller, conversation):
        raise Refused("not-found")


async def may_see_decision(reader: Reader, caller: Caller, decision: Decision) -> bool:
    """Whether the decision is there for the caller."""
    if caller.has(*ALL_WORK, "auditor"):
        return True
    if caller.agent_id is None:
        return False
    if decision.offered_to == caller.agent_id:
        return True
    return await assignments.may_see(reader, decision.conversation_id, caller.agent_id)
