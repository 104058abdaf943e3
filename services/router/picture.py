"""What the tables know that concerns a batch of inquiries, read and locked in the order that all writers keep.

Order of locks: agents, work items, offers and assignments, conversations; each by id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from services.router.store import agents, conversations, offers, people, work
from services.router.store.conversations import Conversation
from services.router.store.offers import Offer
from services.router.store.people import Identity
from services.router.store.reader import Connection
from services.router.store.work import WorkItem
from shared.domain.inquiry import Channel, Inquiry


@dataclass(slots=True)
class Picture:
    """By what an inquiry is recognised, and what is there already. It grows while a batch is taken in."""

    contacts: dict[Identity, UUID] = field(default_factory=dict)
    domains: dict[UUID, set[str]] = field(default_factory=dict)
    threads: dict[str, UUID] = field(default_factory=dict)
    conversations: dict[UUID, Conversation] = field(default_factory=dict)
    items: dict[UUID, WorkItem] = field(default_factory=dict)
    """The work that is not done, by conversation."""
    offers: dict[UUID, Offer] = field(default_factory=dict)
    """Open offers, by work item; only for conversations that got a chat message."""


def identities(inquiry: Inquiry) -> list[Identity]:
    """What the sender is known by, the surest first."""
    sender = inquiry.sender
    found = (
        ("email", sender.email.strip().lower() if sender.email else None),
        ("phone", sender.phone.strip() if sender.phone else None),
        ("handle", sender.handle.strip() if sender.handle else None),
    )
    return [(kind, value) for kind, value in found if value]


def references(inquiry: Inquiry) -> list[str]:
    """Every thread name that the inquiry carries: those it answers, and its own."""
    own = (inquiry.own_reference,) if inquiry.own_reference else ()
    return list(dict.fromkeys((*inquiry.references, *own)))


async def look(conn: Connection, inquiries: Sequence[Inquiry], sessions: Sequence[str] = ()) -> Picture:
    """The picture for ``inquiries`` and chats; what may change because of them is locked until the transaction ends."""
    picture = Picture()
    known = {identity for inquiry in inquiries for identity in identities(inquiry)}
    named = {reference for inquiry in inquiries for reference in references(inquiry)} | set(sessions)
    picture.contacts = await people.find(conn, known) if known else {}
    picture.threads = await conversations.threads(conn, named) if named else {}
    if picture.threads:
        await _hold(conn, picture, inquiries)
    return picture


async def _hold(conn: Connection, picture: Picture, inquiries: Sequence[Inquiry]) -> None:
    ids = set(picture.threads.values())
    chats = {
        picture.threads[reference]
        for inquiry in inquiries
        if inquiry.channel is Channel.CHAT
        for reference in references(inquiry)
        if reference in picture.threads
    }
    if chats:
        await agents.lock(conn, {offer.agent_id for offer in await offers.open_in_conversations(conn, chats)})
    picture.items = {item.conversation_id: item for item in await work.open_of(conn, ids)}
    if chats:
        picture.offers = {offer.work_item_id: offer for offer in await offers.open_in_conversations(conn, chats)}
    picture.conversations = await conversations.lock(conn, ids)
    strangers = {found.contact_id for found in picture.conversations.values() if found.contact_id}
    picture.domains = await people.domains(conn, strangers)
