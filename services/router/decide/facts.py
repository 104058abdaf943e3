"""What rules may look at of one inquiry; kept with its work item, so that it can be routed again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from shared.domain.classification import Classification
from shared.domain.inquiry import Inquiry


@dataclass(frozen=True, slots=True)
class Facts:
    """The values of the registered fields; ``confidence`` is the topic's, ``sender`` the best address known."""

    topic: str
    language: str
    urgency: int
    confidence: float
    abstained: bool
    channel: str
    subject: str = ""
    text: str = ""
    sender: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    unreadable: bool = False

    @classmethod
    def of(cls, inquiry: Inquiry, classification: Classification) -> Self:
        """The facts of an inquiry and what the classifier said of it."""
        sender = inquiry.sender
        return cls(
            topic=classification.topic.value,
            language=classification.language.value,
            urgency=classification.urgency.value,
            confidence=classification.topic.confidence,
            abstained=classification.abstained,
            channel=inquiry.channel.value,
            subject=inquiry.subject or "",
            text=inquiry.text,
            sender=sender.email or sender.phone or sender.handle or "",
            attributes=inquiry.attributes,
            unreadable=inquiry.unreadable is not None,
        )

    def to_json(self) -> dict[str, Any]:
        """JSON-able; ``from_json`` gives the equal value back."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The facts that ``to_json`` wrote; a part that an older version did not know has its default."""
        return cls(**{name: data[name] for name in cls.__dataclass_fields__ if name in data})
