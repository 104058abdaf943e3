"""A linear head: weights from features to classes, with one temperature that makes its confidence true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.classifier.features import Floats, Sparse


@dataclass(frozen=True, slots=True)
class Head:
    """Contiguous ``features × classes`` weights: one message reads a few hundred short rows, no library between."""

    classes: tuple[str, ...]
    weights: Floats
    bias: Floats
    temperature: float

    def __post_init__(self) -> None:
        if (
            self.weights.ndim != 2
            or self.weights.shape[1] != len(self.classes)
            or self.bias.shape != (len(self.classes),)
        ):
            raise ValueError(f"weights {self.weights.shape} and bias {self.bias.shape} for {len(self.classes)} classes")

    def scores(self, vectors: Sequence[Sparse]) -> Floats:
        """One row a vector, before the temperature."""
        rows = [vector.values @ self.weights[vector.indices] + self.bias for vector in vectors]
        return np.asarray(rows, dtype=np.float32).reshape(len(vectors), len(self.classes))

    def probabilities(self, vectors: Sequence[Sparse]) -> Floats:
        """One row a vector, each summing to 1."""
        return softmax(self.scores(vectors) / np.float32(self.temperature))


def softmax(scores: Floats) -> Floats:
    """Rows of scores as rows of probabilities."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True, initial=-np.inf))
    shares: Floats = (raised / raised.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares
