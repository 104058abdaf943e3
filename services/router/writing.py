"""Brings what a batch changes to the tables, inside the caller's transaction, the facts not yet."""

from __future__ import annotations

from datetime import datetime

from services.router.conversations import Changes
from services.router.store import agents, conversations, messages, offers, people, work
from services.router.store.reader import Connection


async def write(conn: Connection, changes: Changes, now: datetime) -> None:
    """Write ``changes``; what they touch is locked already."""
    await people.add(conn, changes.contacts, changes.identities)
    await conversations.add(conn, changes.conversations)
    await conversations.add_threads(conn, changes.threads)
    await work.add(conn, changes.items)
    await conversations.add_inquiries(conn, changes.inquiries)
    await messages.add(conn, changes.messages)
    await offers.end(conn, changes.withdrawn, now)
    await agents.give_load(conn, changes.load, now)
    await work.route_anew(conn, list(changes.rerouted.values()))
    new = {conversation.id for conversation in changes.conversations}
    await conversations.touch(conn, [c for c in changes.touched.values() if c.id not in new])
