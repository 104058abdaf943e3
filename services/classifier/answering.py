"""Whom the two doors ask for classifications; the product has the model in a process of its own (``apart``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from services.classifier.question import Question
from shared.domain.classification import Classification


class Answering(Protocol):
    """Safe to ask from several tasks."""

    async def classify(self, items: Sequence[Question]) -> list[Classification]:
        """One answer an item, in order; no text makes it raise."""
        ...
