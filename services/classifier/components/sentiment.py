"""The tone of a text: negative, neutral or positive."""

from __future__ import annotations

from services.classifier.component import Batch, Component, Lessons, State, head_of, head_state
from services.classifier.corpus import SENTIMENTS
from shared.domain.classification import Label

_SOFTNESS = 5.0


class Sentiment(Component):
    """The likeliest of three tones."""

    name = "sentiment"
    needs = ("features",)

    @classmethod
    def learn(cls, lessons: Lessons) -> State:
        taught = lessons.teacher.linear(
            lessons.batch.vectors,
            [example.sentiment for example in lessons.examples],
            classes=SENTIMENTS,
            size=lessons.batch.size,
            softness=_SOFTNESS,
            folds=lessons.folds,
        )
        return head_state(taught.head)

    def __init__(self, state: State) -> None:
        self._head = head_of(state)

    def apply(self, batch: Batch) -> None:
        shares = self._head.probabilities(batch.vectors)
        batch.probabilities[self.name] = shares
        for row, draft in zip(shares, batch.drafts, strict=True):
            best = int(row.argmax())
            draft.sentiment = Label(value=self._head.classes[best], confidence=round(float(row[best]), 4))


COMPONENT = Sentiment
