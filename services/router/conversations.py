"""Who wrote, in which matter, and what becomes of it: a batch of inquiries against the picture of the tables.

Pure: it decides and collects; ``writing`` brings it to the tables. A message that answers a known one joins its
conversation, in whatever order the two arrive; one to a finished conversation opens new work in it; mail of machines
opens none. A stranger who quotes a thread of somebody else's mail starts a conversation of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.router import facts
from services.router.decide.facts import Facts
from services.router.decide.route import route
from services.router.decide.ruleset import RuleSet
from services.router.picture import Picture, identities, references
from services.router.store.conversations import Conversation
from services.router.store.events import Fact
from services.router.store.messages import ROOM, Message
from services.router.store.offers import Ending
from services.router.store.people import Identity
from services.router.store.work import WorkItem
from shared.domain.classification import UNDETERMINED, Classification
from shared.domain.ids import derived_id
from shared.domain.inquiry import Automatic, Channel, Inquiry
from shared.events import ChatEnded

NEW = "new"
REROUTED = "rerouted"
CLEARLY = 0.2
"""How far the best topic of a chat must be ahead of the next to take it elsewhere."""


@dataclass(slots=True)
class Changes:
    """What a batch brings to the tables."""

    contacts: list[tuple[UUID, str | None]] = field(default_factory=list)
    identities: list[tuple[Identity, UUID]] = field(default_factory=list)
    conversations: list[Conversation] = field(default_factory=list)
    touched: dict[UUID, Conversation] = field(default_factory=dict)
    threads: list[tuple[str, UUID]] = field(default_factory=list)
    inquiries: list[tuple[UUID, str, UUID | None, UUID | None]] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    items: list[WorkItem] = field(default_factory=list)
    rerouted: dict[UUID, WorkItem] = field(default_factory=dict)
    withdrawn: list[Ending] = field(default_factory=list)
    load: list[tuple[UUID, int]] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)


class Intake:
    """Takes in one batch, inquiry by inquiry, by the rule set numbered ``version``."""

    def __init__(self, picture: Picture, *, ruleset: RuleSet, version: int, now: datetime) -> None:
        self._picture = picture
        self._ruleset = ruleset
        self._version = version
        self._now = now
        self.changes = Changes()

    def take(self, inquiry: Inquiry, classification: Classification) -> None:
        """Decide what becomes of ``inquiry``."""
        conversation = self._known(inquiry)
        if inquiry.automatic.opens_work:
            conversation = conversation or self._begin(inquiry)
            self._work(inquiry, classification, conversation)
        else:
            self._close(inquiry, classification, conversation)

    def leave(self, ended: ChatEnded) -> None:
        """The customer of a chat has left: whoever works on it is told. Nothing that they asked is dropped."""
        place = self._picture.threads.get(ended.session)
        conversation = self._picture.conversations.get(place) if place else None
        if conversation is None:
            return
        conversation.customer_left_at = ended.at
        item = self._picture.items.get(conversation.id)
        self.changes.touched[conversation.id] = conversation
        self.changes.facts.append(facts.customer_left(conversation.id, item.id if item else None, ended.at))

    def _known(self, inquiry: Inquiry) -> Conversation | None:
        """The conversation that a reference of the inquiry leads to; one with open work before one without."""
        ids = dict.fromkeys(self._picture.threads[r] for r in references(inquiry) if r in self._picture.threads)
        found = [self._picture.conversations[i] for i in ids if i in self._picture.conversations]
        mine = [conversation for conversation in found if self._belongs(inquiry, conversation)]
        return next((c for c in mine if c.id in self._picture.items), mine[0] if mine else None)

    def _belongs(self, inquiry: Inquiry, conversation: Conversation) -> bool:
        # Sessions and callers' own thread ids are secrets of the sender; a Message-ID is known to everyone in copy.
        if inquiry.channel is not Channel.EMAIL or inquiry.automatic is not Automatic.HUMAN:
            return True
        known = identities(inquiry)
        if conversation.contact_id is None or not known:
            return True
        if any(self._picture.contacts.get(identity) == conversation.contact_id for identity in known):
            return True
        domains = self._picture.domains.get(conversation.contact_id, set())
        return any(value.partition("@")[2] in domains for kind, value in known if kind == "email")

    def _begin(self, inquiry: Inquiry) -> Conversation:
        conversation = Conversation(
            id=derived_id("conversation", str(inquiry.id)),
            contact_id=self._contact(inquiry),
            channel=inquiry.channel.value,
            key=inquiry.key,
            subject=inquiry.subject,
        )
        self._picture.conversations[conversation.id] = conversation
        self.changes.conversations.append(conversation)
        return conversation

    def _contact(self, inquiry: Inquiry) -> UUID:
        """The contact behind the surest identity that is known, with the others added; else a new one."""
        own = identities(inquiry)
        seed = own[0] if own else ("inquiry", str(inquiry.id))
        contact = next((self._picture.contacts[i] for i in own if i in self._picture.contacts), None)
        if contact is None:
            contact = derived_id("contact", *seed)
            self.changes.contacts.append((contact, inquiry.sender.name))
        for identity in own:
            if self._picture.contacts.setdefault(identity, contact) == contact:
                self.changes.identities.append((identity, contact))
                if identity[0] == "email":
                    self._picture.domains.setdefault(contact, set()).add(identity[1].partition("@")[2])
        return contact

    def _work(self, inquiry: Inquiry, classification: Classification, conversation: Conversation) -> None:
        item = self._picture.items.get(conversation.id)
        opened = item is None
        if item is None:
            item = self._open(inquiry, classification, conversation)
        self._record(inquiry, classification, conversation, item.id)
        if opened:
            self.changes.facts.append(facts.inquiry_waiting(item, facts.WORKER))
        elif self._belongs_elsewhere(inquiry, item, classification):
            self._reroute(inquiry, classification, item)

    def _open(self, inquiry: Inquiry, classification: Classification, conversation: Conversation) -> WorkItem:
        conversation.state = "open"
        item = WorkItem(
            id=derived_id("work-item", str(inquiry.id)),
            conversation_id=conversation.id,
            inquiry_id=inquiry.id,
            state="waiting",
            subject=inquiry.subject,
            channel=inquiry.channel.value,
            received_at=inquiry.received_at,
            waiting_since=self._now,
            waiting_reason=NEW,
            next_check_at=self._now,
            **self._routed(inquiry, classification),
        )
        self._picture.items[conversation.id] = item
        self.changes.items.append(item)
        return item

    def _routed(self, inquiry: Inquiry, classification: Classification) -> dict[str, Any]:
        looked_at = Facts.of(inquiry, classification)
        way = route(self._ruleset, looked_at, version=self._version, received_at=inquiry.received_at)
        return {
            "language": classification.language.value,
            "topic": classification.topic.value,
            "urgency": classification.urgency.value,
            "facts": looked_at.to_json(),
            "classification": classification.model_dump(mode="json"),
            "route": way.to_json(),
            "queue": way.queue,
            "weight": way.weight,
            "first_response_due": way.first_response_due,
            "resolution_due": way.resolution_due,
        }

    def _belongs_elsewhere(self, inquiry: Inquiry, item: WorkItem, classification: Classification) -> bool:
        if inquiry.channel is not Channel.CHAT or item.state not in {"waiting", "offered"} or classification.abstained:
            return False
        if item.classification.get("abstained") or item.language == UNDETERMINED:
            return True
        top = classification.topic.top
        ahead = top[0][1] - top[1][1] if len(top) > 1 else 1.0
        return classification.topic.value != item.topic and ahead >= CLEARLY

    def _reroute(self, inquiry: Inquiry, classification: Classification, item: WorkItem) -> None:
        received_at, weight, offered = item.received_at, item.weight, item.state == "offered"
        for name, value in self._routed(inquiry, classification).items():
            setattr(item, name, value)
        item.received_at, item.weight = received_at, weight
        item.state, item.waiting_reason, item.next_check_at = "waiting", REROUTED, self._now
        item.version += 1
        if item not in self.changes.items:
            self.changes.rerouted[item.id] = item
        offer = self._picture.offers.pop(item.id, None) if offered else None
        if offer is not None:
            self.changes.withdrawn.append(Ending(offer.id, "withdrawn", REROUTED))
            self.changes.load.append((offer.agent_id, -offer.weight))
            ended = replace(offer, state="withdrawn", reason=REROUTED)
            self.changes.facts.append(facts.offer_ended(ended, item, facts.WORKER))
        self.changes.facts.append(facts.inquiry_waiting(item, facts.WORKER))

    def _close(self, inquiry: Inquiry, classification: Classification, conversation: Conversation | None) -> None:
        item = self._picture.items.get(conversation.id) if conversation else None
        self._record(inquiry, classification, conversation, item.id if item else None, works=False)
        reason = inquiry.automatic.value.replace("_", "-")
        self.changes.facts.append(facts.inquiry_closed(inquiry, conversation.id if conversation else None, reason))

    def _record(
        self,
        inquiry: Inquiry,
        classification: Classification,
        conversation: Conversation | None,
        item_id: UUID | None,
        *,
        works: bool = True,
    ) -> None:
        """Keep the inquiry where it belongs, and say that it was received and classified."""
        place = conversation.id if conversation else None
        in_hand = item_id if works else None
        self.changes.inquiries.append((inquiry.id, inquiry.caller, place, in_hand))
        said = classification.model_dump(mode="json")
        self.changes.facts.append(facts.inquiry_received(inquiry, place, in_hand))
        self.changes.facts.append(facts.inquiry_classified(inquiry, place, in_hand, said))
        if conversation is None:
            return
        for reference in references(inquiry):
            if self._picture.threads.setdefault(reference, conversation.id) == conversation.id:
                self.changes.threads.append((reference, conversation.id))
        self.changes.touched[conversation.id] = conversation
        if inquiry.channel is Channel.CHAT:
            conversation.key = inquiry.key
            conversation.customer_left_at = None
        if inquiry.automatic is not Automatic.OWN:
            message = _message(inquiry, classification, conversation)
            self.changes.messages.append(message)
            self.changes.facts.append(facts.message_added(message, item_id, facts.WORKER))


def _message(inquiry: Inquiry, classification: Classification, conversation: Conversation) -> Message:
    language = classification.language.value
    return Message(
        id=derived_id("message", str(inquiry.id)),
        conversation_id=conversation.id,
        seq=inquiry.sequence * ROOM,
        sender="customer",
        name=inquiry.sender.name,
        channel=inquiry.channel.value,
        text=inquiry.text,
        language=None if language == UNDETERMINED else language,
        at=inquiry.received_at,
        inquiry_id=inquiry.id,
    )
