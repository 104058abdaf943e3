"""What the customer wants, with its rivals; below the threshold the model abstains."""

from __future__ import annotations

import numpy as np

from services.classifier.component import (
    Batch,
    Component,
    Draft,
    Folds,
    Lessons,
    State,
    head_of,
    head_state,
)
from services.classifier.features import Floats
from shared.domain.classification import TOPICS, UNDETERMINED, TopicLabel

_SOFTNESS = 5.0
_PRECISION = 0.9
"""Of the answers that are not abstained, so many are to be right; the threshold follows from held-out examples."""

_SHOWN = 4


class Topic(Component):
    """The best of the fifteen topics; abstains when unsure and when the language is not one of ours."""

    name = "topic"
    needs = ("features", "language")

    @classmethod
    def learn(cls, lessons: Lessons) -> State:
        answers = [example.topic for example in lessons.examples]
        taught = lessons.teacher.linear(
            lessons.batch.vectors,
            answers,
            classes=TOPICS,
            size=lessons.batch.size,
            softness=_SOFTNESS,
            folds=lessons.folds,
        )
        truth = np.asarray([TOPICS.index(answer) for answer in answers])
        return head_state(taught.head, threshold=threshold(taught.held_out, truth, _PRECISION))

    def __init__(self, state: State) -> None:
        self._head = head_of(state)
        self._threshold = float(state.settings["threshold"])

    def apply(self, batch: Batch) -> None:
        shares = self._head.probabilities(batch.vectors)
        batch.probabilities[self.name] = shares
        for row, draft, vector in zip(shares, batch.drafts, batch.vectors, strict=True):
            order = np.argsort(-row, kind="stable")[:_SHOWN]
            top = tuple((self._head.classes[place], round(float(row[place]), 4)) for place in order)
            draft.topic = TopicLabel(value=top[0][0], confidence=top[0][1], top=top)
            draft.reason = self._reason(draft, nothing_known=not len(vector.indices))
            draft.abstained = draft.reason is not None

    def _reason(self, draft: Draft, *, nothing_known: bool) -> str | None:
        if nothing_known:
            return "no_known_words"
        if draft.language.value == UNDETERMINED:
            return "unknown_language"
        return "low_confidence" if draft.topic.confidence < self._threshold else None


def threshold(shares: Floats, truth: Folds, precision: float) -> float:
    """The lowest confidence from which on at least ``precision`` of the answers are right; 1 if there is none."""
    confidence = shares.max(axis=1)
    order = np.argsort(-confidence, kind="stable")
    right = (shares.argmax(axis=1) == truth)[order]
    enough = np.flatnonzero(np.cumsum(right) / np.arange(1, len(right) + 1) >= precision)
    return round(float(confidence[order[enough[-1]]]), 4) if len(enough) else 1.0


COMPONENT = Topic
