"""What ``inquiry-router model …`` does, as plain functions. The command line prints what they return."""

from __future__ import annotations

from pathlib import Path

import structlog

from services.classifier import bundle, train
from services.classifier.bundle import Bundle, BundleRefused
from services.classifier.corpus import CORPUS, read_corpus
from services.classifier.evaluate import Report
from services.classifier.evaluate import evaluate as figures
from services.classifier.pipeline import Pipeline
from services.classifier.progress import Progress, silent

_log = structlog.get_logger(__name__)

CURRENT = "default"
"""The folder of the default bundle below a models folder."""


def ensure_bundle(models_dir: Path, progress: Progress = silent, *, corpus_dir: Path = CORPUS) -> Path:
    """The folder of a sound bundle made from today's corpus; trains if it is missing, stale or damaged.

    A bundle of an older recipe or corpus is replaced only once the new one is whole.
    """
    folder = models_dir / CURRENT
    if not is_usable(folder, corpus_dir=corpus_dir):
        train.train(corpus_dir, folder, progress)
    return folder


def is_usable(folder: Path, *, corpus_dir: Path = CORPUS) -> bool:
    """Whether ``folder`` holds a sound bundle of today's corpus; one that is there and is not used is told."""
    reason = why_not(folder, corpus_dir=corpus_dir)
    if reason is not None and folder.exists():
        _log.warning("model.bundle_refused", reason=reason)
    return reason is None


def why_not(folder: Path, *, corpus_dir: Path = CORPUS) -> str | None:
    """Why the bundle in ``folder`` cannot be used, in a sentence; ``None`` if it is sound and of today's corpus."""
    try:
        if bundle.read_key(folder) != train.recipe_key(read_corpus(corpus_dir)):
            return f"the model bundle {folder} is stale: corpus, word lists or recipe have changed"
        load(folder)
    except BundleRefused as refused:
        return str(refused)
    return None


def load(folder: Path) -> Pipeline:
    """The pipeline of the bundle in ``folder``.

    Raises:
        BundleRefused: it is missing, damaged or does not fit this version.
    """
    return Pipeline(bundle.read(folder))


def evaluate(folder: Path) -> Report:
    """How good the bundle in ``folder`` is on the gate; raises as ``load``."""
    return figures(load(folder))


def info(folder: Path) -> dict[str, object]:
    """What is known of the bundle in ``folder``: id, corpus, components, size; raises as ``load``."""
    read: Bundle = bundle.read(folder)
    return {
        "model": read.model,
        "folder": str(folder),
        "corpus": dict(read.corpus),
        "components": list(read.states),
        "features": int(read.states["features"].arrays["rarity"].shape[0]),
        "abstains_below": read.states["topic"].settings["threshold"],
        "bytes": sum(file.stat().st_size for file in folder.iterdir()),
    }
