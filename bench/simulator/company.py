"""Who works in the simulated company, by which rules, and what its customers write."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.classifier.question import Question
from services.ingest.channel import Delivery, Draft
from shared.domain.classification import Classification, Label, TopicLabel, UrgencyLabel
from shared.domain.inquiry import Channel, Sender

RULES = """
format: 1
queues:
  billing: {requires: {topic.billing: 2}, offer_seconds: 6}
  returns: {offer_seconds: 6}
  general: {offer_seconds: 6}
rules:
  - {id: billing, when: {field: topic, op: eq, value: billing}, then: {queue: billing, priority: 5}}
  - {id: returns, when: {field: topic, op: eq, value: return}, then: {queue: returns}}
  - {id: everything-else, then: {queue: general}}
"""
AGENTS = {
    "ada": ({"language.en": 5, "topic.billing": 5}, 40),
    "bo": ({"language.en": 5, "topic.billing": 3}, 33),
    "cy": ({"language.en": 4}, 50),
    "di": ({"language.en": 3, "topic.billing": 2}, 33),
}
"""Skills and capacity. There is hardly room for all, so that who is full is asked about all the time."""
CALLER = "key:simulator"
POISON = "poison"
MESSAGES, CONVERSATIONS, EVERY = 24, 5, 11
_TOPICS = ("billing", "return", "information")


@dataclass(frozen=True, slots=True)
class Message:
    """One thing that a customer hands in, ``wait`` seconds after the one before."""

    number: int
    conversation: int
    seq: int
    channel: Channel
    poison: bool

    @property
    def key(self) -> str:
        """Its Idempotency-Key."""
        return f"m-{self.number}"

    def delivery(self, edition: int = 0) -> Delivery:
        """What the door makes of it; another ``edition`` is another body under the same key."""
        words = POISON if self.poison else _TOPICS[(self.number + self.conversation) % len(_TOPICS)]
        text = f"{words} {self.number} {edition}"
        thread = f"thread:{CALLER}:{self.conversation}"
        return Delivery(
            caller=CALLER,
            door="rest",
            channel=self.channel,
            native_id=f"key:{self.key}",
            raw=text.encode(),
            content_type="text/plain",
            draft=Draft(
                channel=self.channel,
                key=thread,
                sender=Sender(name="A Customer", handle=f"customer-{self.conversation}"),
                text=text,
                references=(thread,),
            ),
            idempotency_key=self.key,
            body_hash=hashlib.sha256(text.encode()).digest(),
        )


def messages() -> Iterator[Message]:
    """All of them in the order in which they are sent: every eleventh cannot be classified."""
    for number in range(1, MESSAGES + 1):
        conversation = number % CONVERSATIONS
        channel = Channel.API if conversation == 0 else Channel.CHAT
        yield Message(number, conversation, number // CONVERSATIONS, channel, number % EVERY == 0)


class Topics:
    """In the place of the classifier's model: the first word is the topic, and one word breaks it."""

    async def classify(self, items: Sequence[Question]) -> list[Classification]:
        """One answer an item.

        Raises:
            RuntimeError: one of them is poison.
        """
        if any(item.text.startswith(POISON) for item in items):
            raise RuntimeError("a mistake in a component")
        return [_classification(item.text.split()[0]) for item in items]


def _classification(topic: str) -> Classification:
    return Classification(
        language=Label(value="en", confidence=0.99),
        topic=TopicLabel(value=topic, confidence=0.9),
        urgency=UrgencyLabel(value=2, confidence=0.8),
        model="simulated",
    )
