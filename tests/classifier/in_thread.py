"""The model in the process of the tests, where no child needs to load it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from services.classifier.pipeline import Pipeline
from services.classifier.question import Question
from shared.domain.classification import Classification


class InThread:
    """See ``Answering``."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    async def classify(self, items: Sequence[Question]) -> list[Classification]:
        return await asyncio.to_thread(self._pipeline.classify, items)
