"""An agent is done with a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.router import facts
from services.router.commands.hands import end_assignments
from services.router.facts import By
from services.router.store import agents, assignments, conversations, replies, work
from services.router.store.assignments import Assignment
from services.router.store.conversations import Conversation
from services.router.store.events import append
from services.router.store.reader import Connection
from shared.domain.ids import derived_id
from shared.domain.inquiry import Channel
from shared.errors import Refused
from shared.events import ReplyRequested

COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class Complete:
    """``agent_id`` ends the work on ``conversation_id`` with an outcome."""

    conversation_id: UUID
    agent_id: UUID
    agent_name: str
    outcome: str
    note: str | None
    by: By


async def complete(conn: Connection, wishes: Sequence[Complete], now: datetime) -> list[Assignment | Exception]:
    """End what the agents hold. Who does not hold it is refused as ``not-mine``, unless this very command ended it."""
    await agents.lock(conn, {wish.agent_id for wish in wishes})
    held = await assignments.open_of(conn, [wish.conversation_id for wish in wishes])
    granted = [w for w in wishes if w.conversation_id in held and held[w.conversation_id].agent_id == w.agent_id]
    others = await _before(conn, [wish for wish in wishes if wish not in granted])
    if not granted:
        return [others[wish.conversation_id] for wish in wishes]
    mine = {wish.conversation_id: held[wish.conversation_id] for wish in granted}
    await work.lock(conn, {assignment.work_item_id for assignment in mine.values()})
    causes = {mine[wish.conversation_id].id: wish.by.cause for wish in granted}
    ended = await end_assignments(conn, mine.values(), COMPLETED, now, causes=causes)
    outcomes = [(mine[wish.conversation_id].work_item_id, wish.outcome, wish.note) for wish in granted]
    items = await work.complete(conn, outcomes, now)
    done = await conversations.complete(conn, list(mine), now)
    for wish in granted:
        await _say_goodbye(conn, wish, mine[wish.conversation_id], done[wish.conversation_id])
    written = []
    for wish in granted:
        assignment = mine[wish.conversation_id]
        written.append(facts.assignment_ended(assignment, items[assignment.work_item_id], COMPLETED, wish.by))
    await append(conn, written)
    return [
        ended[mine[wish.conversation_id].id] if wish in granted else others[wish.conversation_id] for wish in wishes
    ]


async def _before(conn: Connection, wishes: Sequence[Complete]) -> dict[UUID, Assignment | Exception]:
    """The answers to those who hold nothing, by conversation."""
    done = await assignments.ended_by(conn, [(w.conversation_id, w.by.cause) for w in wishes if w.by.cause])
    answers: dict[UUID, Assignment | Exception] = {}
    for wish in wishes:
        earlier = done.get((wish.conversation_id, wish.by.cause or ""))
        mine = earlier is not None and earlier.agent_id == wish.agent_id
        answers[wish.conversation_id] = earlier if earlier and mine else Refused("not-mine")
    return answers


async def _say_goodbye(conn: Connection, wish: Complete, assignment: Assignment, conversation: Conversation) -> None:
    """Let ingest tell the customer's widget that the chat is over."""
    if conversation.channel != Channel.CHAT:
        return
    event_id = str(derived_id("farewell", str(assignment.id)))
    farewell = ReplyRequested(
        id=event_id,
        conversation_id=str(conversation.id),
        session=conversation.key,
        agent_name=wish.agent_name,
        text="",
        ended=True,
    )
    await replies.add(conn, event_id, conversation.key, farewell.model_dump(mode="json"))
