"""The port of a classification step, and how steps are found and put in order.

A component has a ``name``, says which others it ``needs`` before it, learns its ``State`` from examples, and applies
itself to a batch by filling its own part of each draft. It must give some answer for every text and is bounded in
time; it may not keep anything between two batches, read a file or look at a clock.
"""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from services.classifier.corpus import Example
from services.classifier.features import Floats, Sparse
from services.classifier.head import Head
from services.classifier.question import Question
from shared.domain.classification import UNDETERMINED, Classification, Label, TopicLabel, UrgencyLabel

Folds = npt.NDArray[np.intp]
NO_LANGUAGE = Label(value=UNDETERMINED, confidence=0.0)
NO_TOPIC = TopicLabel(value="other", confidence=0.0)
NO_URGENCY = UrgencyLabel(value=2, confidence=0.0)
FOLDER = "services.classifier.components"


@dataclass(slots=True)
class Draft:
    """A classification in the making; what no component fills stays as unsure as it starts."""

    language: Label = NO_LANGUAGE
    topic: TopicLabel = NO_TOPIC
    urgency: UrgencyLabel = NO_URGENCY
    sentiment: Label | None = None
    anger: Label | None = None
    flags: tuple[str, ...] = ()
    passage: str | None = None
    abstained: bool = True
    reason: str | None = "not_classified"

    def final(self, model: str) -> Classification:
        """The answer, signed with the model's id."""
        parts = {name: getattr(self, name) for name in self.__slots__}
        return Classification(model=model, **parts)


@dataclass(slots=True)
class Batch:
    """What the components share: texts, drafts, vectors (of how many features) and probabilities by head."""

    questions: Sequence[Question]
    texts: list[str] = field(init=False)
    drafts: list[Draft] = field(init=False)
    vectors: list[Sparse] = field(default_factory=list)
    size: int = 0
    probabilities: dict[str, Floats] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.texts = [question.words() for question in self.questions]
        self.drafts = [Draft() for _ in self.questions]


@dataclass(frozen=True, slots=True)
class State:
    """All that a component learnt: plain arrays, and settings that JSON can hold."""

    settings: Mapping[str, Any]
    arrays: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Taught:
    """A head, and the probabilities it gave to examples while they were held out."""

    head: Head
    held_out: Floats


class Teacher(Protocol):
    """Fits linear heads; the only door to a machine-learning library."""

    def linear(
        self,
        vectors: Sequence[Sparse],
        answers: Sequence[str],
        *,
        classes: Sequence[str],
        size: int,
        softness: float,
        folds: Folds,
    ) -> Taught:
        """A calibrated head over ``size`` features; vectors of one fold are held out together.

        Small ``softness`` fits the examples closely, large generalises.
        """
        ...


@dataclass(frozen=True, slots=True)
class Lessons:
    """What there is to learn from: examples, their folds, the batch as earlier components left it; and who teaches."""

    examples: Sequence[Example]
    batch: Batch
    folds: Folds
    lexicon: Mapping[str, Any]
    teacher: Teacher


class Component(ABC):
    """One step; see the module."""

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()

    @classmethod
    @abstractmethod
    def learn(cls, lessons: Lessons) -> State:
        """What ``apply`` will need, from examples alone; equal lessons give equal answers."""

    @abstractmethod
    def __init__(self, state: State) -> None:
        """Ready to work with ``state``; ``ValueError`` or ``KeyError`` if it does not fit."""

    @abstractmethod
    def apply(self, batch: Batch) -> None:
        """Fill the own part of each draft."""


def found() -> list[type[Component]]:
    """Every component of the folder, those that others need first, else by name."""
    folder = importlib.import_module(FOLDER)
    names = sorted(module.name for module in pkgutil.iter_modules(folder.__path__))
    kinds = {kind.name: kind for kind in (importlib.import_module(f"{FOLDER}.{name}").COMPONENT for name in names)}
    order = TopologicalSorter({name: kind.needs for name, kind in kinds.items()}).static_order()
    return [kinds[name] for name in order]


def head_state(head: Head, **settings: Any) -> State:
    """A head as state, beside other settings."""
    own = {"classes": list(head.classes), "temperature": head.temperature}
    return State(own | settings, {"weights": head.weights, "bias": head.bias})


def head_of(state: State) -> Head:
    """The head that ``head_state`` kept."""
    weights = np.ascontiguousarray(state.arrays["weights"], dtype=np.float32)
    return Head(tuple(state.settings["classes"]), weights, state.arrays["bias"], float(state.settings["temperature"]))
