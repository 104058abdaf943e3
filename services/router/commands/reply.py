"""An agent answers the customer; the words go to ingest at least once, under one id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.router import facts
from services.router.facts import By
from services.router.store import agents, assignments, conversations, messages, replies, work
from services.router.store.events import append
from services.router.store.messages import Message
from services.router.store.reader import Connection
from shared.domain.inquiry import Channel
from shared.errors import Refused
from shared.events import ReplyRequested


@dataclass(frozen=True, slots=True)
class Reply:
    """``agent_id`` says ``text`` in ``conversation_id``; ``id`` is the message's."""

    id: UUID
    conversation_id: UUID
    agent_id: UUID
    agent_name: str
    text: str
    by: By


async def reply(conn: Connection, wish: Reply, now: datetime) -> Message:
    """Keep the answer and send it on its way; under the same id again, the one that was kept.

    Raises:
        Refused: ``not-mine``, ``channel-cannot-send``.
    """
    await agents.lock(conn, [wish.agent_id])
    held = (await assignments.open_of(conn, [wish.conversation_id])).get(wish.conversation_id)
    if held is None or held.agent_id != wish.agent_id:
        raise Refused("not-mine")
    before = await messages.by_id(conn, [wish.id])
    if before:
        return before[0]
    await work.lock(conn, [held.work_item_id])
    conversation = (await conversations.lock(conn, [wish.conversation_id]))[wish.conversation_id]
    if conversation.channel != Channel.CHAT:
        raise Refused("channel-cannot-send", f"An answer cannot be sent by {conversation.channel}.")
    message = await _keep(conn, wish, now)
    await conversations.touch(conn, [conversation])
    await work.answered(conn, held.work_item_id, now)
    await replies.add(conn, str(wish.id), conversation.key, _request(wish, conversation.key))
    await append(conn, [facts.message_added(message, held.work_item_id, wish.by)])
    return message


async def _keep(conn: Connection, wish: Reply, now: datetime) -> Message:
    message = Message(
        id=wish.id,
        conversation_id=wish.conversation_id,
        seq=await messages.next_seq(conn, wish.conversation_id),
        sender="agent",
        name=wish.agent_name,
        channel=Channel.CHAT.value,
        text=wish.text,
        language=None,
        at=now,
        inquiry_id=None,
    )
    await messages.add(conn, [message])
    return message


def _request(wish: Reply, session: str) -> dict[str, object]:
    return ReplyRequested(
        id=str(wish.id),
        conversation_id=str(wish.conversation_id),
        session=session,
        agent_name=wish.agent_name,
        text=wish.text,
    ).model_dump(mode="json")
