"""What ``inquiry-router model …`` does, as plain functions. The command line prints what they return."""

from __future__ import annotations

import shutil
from pathlib import Path

from services.classifier import bundle, train
from services.classifier.bundle import Bundle, BundleRefused
from services.classifier.corpus import CORPUS, read_corpus
from services.classifier.pipeline import Pipeline
from services.classifier.progress import Progress, silent

CURRENT = "default"
"""The folder of the default bundle below a models folder."""


def ensure_bundle(models_dir: Path, progress: Progress = silent, *, corpus_dir: Path = CORPUS) -> Path:
    """The folder of a sound bundle made from today's corpus; trains if it is missing, stale or damaged.

    A bundle of an older recipe or corpus is replaced only once the new one is whole.
    """
    folder = models_dir / CURRENT
    if not is_fresh(folder, corpus_dir=corpus_dir):
        train.train(corpus_dir, folder, progress)
    return folder


def is_fresh(folder: Path, *, corpus_dir: Path = CORPUS) -> bool:
    """Whether ``folder`` holds a sound bundle of today's corpus, word lists and recipe."""
    try:
        if bundle.read_key(folder) != train.recipe_key(read_corpus(corpus_dir)):
            return False
        Pipeline(bundle.read(folder))
    except BundleRefused:
        return False
    return True


def load(folder: Path) -> Pipeline:
    """The pipeline of the bundle in ``folder``.

    Raises:
        BundleRefused: it is missing, damaged or does not fit this version.
    """
    return Pipeline(bundle.read(folder))


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


def remove(models_dir: Path) -> None:
    """Forget the default bundle; the next ``ensure_bundle`` trains again."""
    shutil.rmtree(models_dir / CURRENT, ignore_errors=True)
