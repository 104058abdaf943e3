"""The harm that delay does, 1 to 4: three questions (at least 2, 3, 4?), answered in order."""

from __future__ import annotations

import numpy as np

from services.classifier.component import Batch, Component, Lessons, State, head_of, head_state
from services.classifier.corpus import URGENCIES
from services.classifier.features import Floats
from services.classifier.head import Head
from shared.domain.classification import UrgencyLabel

_SOFTNESS = 5.0
_STEPS = URGENCIES[1:]
_CERTAIN = 30.0
"""Log-odds beyond which float32 knows no difference, and above which it would overflow."""


class Urgency(Component):
    """The middle of the distribution, so that a far miss is rare; its confidence is the share of that step.

    Cross-validated on the corpus against one head of four classes: quadratic kappa .71 against .67.
    """

    name = "urgency"
    needs = ("features",)

    @classmethod
    def learn(cls, lessons: Lessons) -> State:
        heads = [
            lessons.teacher.linear(
                lessons.batch.vectors,
                ["yes" if example.urgency >= step else "no" for example in lessons.examples],
                classes=("no", "yes"),
                size=lessons.batch.size,
                softness=_SOFTNESS,
                folds=lessons.folds,
            ).head
            for step in _STEPS
        ]
        weights = np.stack([(head.weights[:, 1] - head.weights[:, 0]) / head.temperature for head in heads], axis=1)
        bias = np.asarray([(head.bias[1] - head.bias[0]) / head.temperature for head in heads])
        names = tuple(str(step) for step in _STEPS)
        return head_state(Head(names, weights.astype(np.float32), bias.astype(np.float32), 1.0))

    def __init__(self, state: State) -> None:
        self._head = head_of(state)

    def apply(self, batch: Batch) -> None:
        shares = self._shares(batch)
        batch.probabilities[self.name] = shares
        middles = (np.cumsum(shares[:, ::-1], axis=1)[:, ::-1] > 0.5).sum(axis=1)
        for row, middle, draft in zip(shares, middles, batch.drafts, strict=True):
            value = max(1, int(middle))
            draft.urgency = UrgencyLabel(value=value, confidence=round(float(row[value - 1]), 4))

    def _shares(self, batch: Batch) -> Floats:
        """A row of four probabilities a text; a higher step is never likelier than a lower one."""
        odds = np.clip(self._head.scores(batch.vectors), -_CERTAIN, _CERTAIN)
        at_least = np.minimum.accumulate(1 / (1 + np.exp(-odds)), axis=1)
        certain = np.ones((len(at_least), 1), dtype=np.float32)
        steps = np.hstack([certain, at_least, np.zeros_like(certain)])
        shares: Floats = steps[:, :-1] - steps[:, 1:]
        return shares


COMPONENT = Urgency
