"""An agent is done with a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.router import facts
from services.router.facts import By
from services.router.store import agents, assignments, replies, turns
from services.router.store.assignments import Assignment
from services.router.store.events import append
from services.router.store.reader import Connection
from services.router.store.turns import Finished
from services.router.store.work import Moved
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
    mine = {w.conversation_id: a for w in wishes if (a := held.get(w.conversation_id)) and a.agent_id == w.agent_id}
    answers = await _before(conn, [wish for wish in wishes if wish.conversation_id not in mine])
    granted = [wish for wish in wishes if wish.conversation_id in mine]
    outcomes = [(mine[wish.conversation_id].id, wish.outcome, wish.note, wish.by.cause) for wish in granted]
    finished = await turns.finish(conn, outcomes, now)
    written = []
    for wish in granted:
        assignment = mine[wish.conversation_id]
        done = finished[assignment.id]
        await _say_goodbye(conn, wish, assignment, done)
        item = Moved(
            assignment.work_item_id, assignment.inquiry_id, wish.conversation_id, done.version, COMPLETED, wish.outcome
        )
        written.append(facts.assignment_ended(assignment, item, COMPLETED, wish.by))
        answers[wish.conversation_id] = replace(assignment, ended_at=now)
    await append(conn, written)
    return [answers[wish.conversation_id] for wish in wishes]


async def _before(conn: Connection, wishes: Sequence[Complete]) -> dict[UUID, Assignment | Exception]:
    """The answers to those who hold nothing, by conversation."""
    done = await assignments.ended_by(conn, [(w.conversation_id, w.by.cause) for w in wishes if w.by.cause])
    answers: dict[UUID, Assignment | Exception] = {}
    for wish in wishes:
        earlier = done.get((wish.conversation_id, wish.by.cause or ""))
        mine = earlier is not None and earlier.agent_id == wish.agent_id
        answers[wish.conversation_id] = earlier if earlier and mine else Refused("not-mine")
    return answers


async def _say_goodbye(conn: Connection, wish: Complete, assignment: Assignment, done: Finished) -> None:
    """Let ingest tell the customer's widget that the chat is over."""
    if done.channel != Channel.CHAT:
        return
    event_id = str(derived_id("farewell", str(assignment.id)))
    farewell = ReplyRequested(
        id=event_id,
        conversation_id=str(wish.conversation_id),
        session=done.key,
        agent_name=wish.agent_name,
        text="",
        ended=True,
    )
    await replies.add(conn, event_id, done.key, farewell.model_dump(mode="json"))
