"""Conversations put together from their tables, as people see them."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from services.router.answers import ConversationAnswer, ConversationRow, MessageAnswer, conversation_fields
from services.router.store import assignments, conversations, messages, work
from services.router.store.reader import Reader
from shared.errors import Refused


async def rows(reader: Reader, ids: Collection[UUID]) -> dict[UUID, ConversationRow]:
    """Those of the conversations that exist, without messages."""
    if not ids:
        return {}
    shown = await conversations.show(reader, ids)
    items = await work.latest_of(reader, ids)
    held = await assignments.open_of(reader, ids)
    return {row.id: ConversationRow.of(row, items.get(row.id), held.get(row.id)) for row in shown.values()}


async def whole(reader: Reader, conversation: UUID) -> ConversationAnswer:
    """One conversation with its messages.

    Raises:
        Refused: ``not-found``.
    """
    shown = (await conversations.show(reader, [conversation])).get(conversation)
    if shown is None:
        raise Refused("not-found")
    item = (await work.latest_of(reader, [conversation])).get(conversation)
    held = (await assignments.open_of(reader, [conversation])).get(conversation)
    thread = await messages.of(reader, conversation)
    fields = conversation_fields(shown, item, held)
    return ConversationAnswer(**fields, messages=[MessageAnswer.of(message) for message in thread])
