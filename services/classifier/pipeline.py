"""The ordered components of one bundle, ready to classify."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog

from services.classifier.bundle import Bundle, BundleRefused
from services.classifier.component import Batch, Component, Draft, found
from services.classifier.question import Question
from shared.domain.classification import Classification

__all__ = ["Pipeline", "Question"]

_log = structlog.get_logger(__name__)


class Pipeline:
    """Gives every question an answer, in order; safe to use from several threads."""

    def __init__(self, bundle: Bundle) -> None:
        """Ready to classify with ``bundle``.

        Raises:
            BundleRefused: it lacks a component of this version, or a component's state does not fit.
        """
        self.model = bundle.model
        self._components = [_built(kind, bundle) for kind in found()]

    def classify(self, items: Sequence[Question]) -> list[Classification]:
        """One answer an item. What no component can handle is answered *abstained: failed*, never raised."""
        try:
            return self.finals(self.run(items))
        except Exception as error:  # noqa: BLE001  # any text must get an answer, whatever a component does
            if len(items) == 1:
                _log.error("classification failed", error=type(error).__name__, exc_info=error)
                return [Draft(reason="failed").final(self.model)]
            return [answer for item in items for answer in self.classify([item])]

    def run(self, items: Sequence[Question]) -> Batch:
        """The batch as all components left it, probabilities included."""
        batch = Batch(items)
        if items:
            for component in self._components:
                component.apply(batch)
        return batch

    def finals(self, batch: Batch) -> list[Classification]:
        """The drafts of ``batch``, signed."""
        return [draft.final(self.model) for draft in batch.drafts]


def _built(kind: type[Component], bundle: Bundle) -> Component:
    state: Any = bundle.states.get(kind.name)
    if state is None:
        raise BundleRefused(f"the model bundle {bundle.model} has no component {kind.name!r}")
    try:
        return kind(state)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BundleRefused(f"the model bundle {bundle.model} has an unfit {kind.name!r}: {error!r}") from error
