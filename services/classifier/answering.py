"""Whom the two doors ask for classifications: a model in a thread, or in a process of its own (``apart``)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from services.classifier.pipeline import Pipeline
from services.classifier.question import Question
from shared.domain.classification import Classification


class Answering(Protocol):
    """Safe to ask from several tasks."""

    async def classify(self, items: Sequence[Question]) -> list[Classification]:
        """One answer an item, in order; no text makes it raise."""
        ...


class InThread:
    """The model in this process. It shares the interpreter with the loop, whose every wait it then prolongs."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    async def classify(self, items: Sequence[Question]) -> list[Classification]:
        """See ``Answering``."""
        return await asyncio.to_thread(self._pipeline.classify, items)
