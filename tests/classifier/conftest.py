"""One default model for all tests of the classifier, trained once a session."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.classifier import bundle, train
from services.classifier.bundle import Bundle
from services.classifier.corpus import Example
from services.classifier.pipeline import Pipeline


@pytest.fixture(scope="session")
def bundle_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default model on disk."""
    folder = tmp_path_factory.mktemp("models") / "default"
    train.train(out_dir=folder)
    return folder


@pytest.fixture(scope="session")
def pipeline(bundle_folder: Path) -> Pipeline:
    """The default model, ready."""
    return Pipeline(bundle.read(bundle_folder))


@pytest.fixture(scope="session")
def tiny_examples() -> list[Example]:
    """Twenty made-up messages of two topics in two languages: enough to learn something, in a second."""
    texts = {
        ("en", "billing"): "the invoice shows a wrong amount and I was charged twice",
        ("en", "delivery"): "the parcel has not arrived and the courier does not answer",
        ("de", "billing"): "die Rechnung ist falsch und der Betrag wurde doppelt abgebucht",
        ("de", "delivery"): "das Paket ist nicht angekommen und der Bote meldet sich nicht",
    }
    return [
        Example(f"{text}, number {n}", None, "email", language, topic, urgency=2 + n % 2, sentiment="negative")
        for (language, topic), text in texts.items()
        for n in range(5)
    ]


@pytest.fixture(scope="session")
def tiny_bundle(tiny_examples: list[Example]) -> Bundle:
    """A model of the twenty messages."""
    return train.learn(tiny_examples)
