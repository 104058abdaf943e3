"""What a model said of an inquiry, with calibrated confidence."""

from __future__ import annotations

from pydantic import ConfigDict
from pydantic.config import JsonDict

from shared.domain.value import Value

TOPICS = (
    "billing", "payment", "refund", "return", "delivery", "order", "technical", "account",
    "appointment", "cancellation", "complaint", "information", "contract", "privacy", "other",
)  # fmt: skip
LANGUAGES = ("de", "en", "sv", "da", "pl", "lv")
UNDETERMINED = "und"


def _promise_no_more(schema: JsonDict) -> None:
    del schema["additionalProperties"]


class _PassedOn(Value):
    """What the router tells again: fields of newer versions go along, though nobody promises any."""

    model_config = ConfigDict(extra="allow", json_schema_extra=_promise_no_more)


class Label(_PassedOn):
    """One answer: a value of a closed set and the probability that it is right."""

    value: str
    confidence: float | None = None


class TopicLabel(_PassedOn):
    """The topic and its closest rivals, best first."""

    value: str
    confidence: float
    top: tuple[tuple[str, float], ...] = ()


class UrgencyLabel(_PassedOn):
    """1 can wait, 2 normal, 3 high, 4 critical: the harm that delay does."""

    value: int
    confidence: float | None = None


class Classification(_PassedOn):
    """The answers of one pipeline run; parts that the pipeline does not have are ``None``.

    ``abstained`` concerns the topic: ``topic.value`` is then the best guess all the same, and ``reason`` says why.
    """

    language: Label
    topic: TopicLabel
    urgency: UrgencyLabel
    sentiment: Label | None = None
    anger: Label | None = None
    flags: tuple[str, ...] = ()
    passage: str | None = None
    abstained: bool = False
    reason: str | None = None
    model: str
