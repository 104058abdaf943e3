"""Makes a bundle from the corpus. The only module that imports scikit-learn, and only while it trains."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from services.classifier import bundle, lexicon
from services.classifier.bundle import Bundle
from services.classifier.component import Batch, Lessons, State, Taught, found
from services.classifier.corpus import CORPUS, Example, corpus_hash, read_corpus
from services.classifier.features import Floats, Sparse
from services.classifier.head import Head, softmax
from services.classifier.progress import Progress, silent

RECIPE = 1
"""Raised whenever the code would learn something else from the same corpus; older bundles are then stale."""

FOLDS = 5
_SEED = 20


def recipe_key(examples: Sequence[Example]) -> str:
    """What a bundle depends on: the corpus, the word lists and the recipe."""
    words = json.dumps(lexicon.read(), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(f"{RECIPE}\n{corpus_hash(examples)}\n{words}".encode()).hexdigest()


def train(corpus_dir: Path = CORPUS, out_dir: Path | None = None, progress: Progress = silent) -> Bundle:
    """Learn every component from ``corpus_dir``; with ``out_dir`` the bundle is kept there, whole or not at all.

    Raises:
        CorpusError: an example cannot be used.
    """
    examples = read_corpus(corpus_dir)
    made = learn(examples, progress)
    if out_dir is not None:
        bundle.write(made, out_dir)
    return made


def learn(examples: Sequence[Example], progress: Progress = silent) -> Bundle:
    """A bundle from ``examples`` alone; equal examples give equal labels on every machine."""
    kinds = found()
    batch = Batch([example.question() for example in examples])
    lessons = Lessons(examples, batch, _folds(examples), lexicon.read(), _ScikitTeacher())
    states: dict[str, State] = {}
    for done, kind in enumerate(kinds):
        progress(f"learning {kind.name}", done, len(kinds))
        states[kind.name] = kind.learn(lessons)
        kind(states[kind.name]).apply(batch)
    progress("done", len(kinds), len(kinds))
    key = recipe_key(examples)
    return Bundle(model=f"linear-{key[:12]}", key=key, corpus=_facts(examples), states=states)


def _facts(examples: Sequence[Example]) -> dict[str, Any]:
    languages = sorted({example.language for example in examples})
    return {"sha256": corpus_hash(examples), "messages": len(examples), "languages": languages}


def _folds(examples: Sequence[Example]) -> npt.NDArray[np.intp]:
    """A fold for each example; every topic of every language is spread over all of them."""
    order = np.random.default_rng(_SEED).permutation(len(examples))
    dealt: defaultdict[tuple[str, str], int] = defaultdict(int)
    folds = np.empty(len(examples), dtype=np.intp)
    for place in order:
        group = (examples[place].language, examples[place].topic)
        folds[place] = dealt[group] % FOLDS
        dealt[group] += 1
    return folds


class _ScikitTeacher:
    """One-against-rest support vectors, and one temperature found on held-out scores."""

    def linear(
        self,
        vectors: Sequence[Sparse],
        answers: Sequence[str],
        *,
        classes: Sequence[str],
        size: int,
        softness: float,
        folds: npt.NDArray[np.intp],
    ) -> Taught:
        rows = _rows(vectors, size)
        truth = np.asarray([classes.index(answer) for answer in answers])
        held_out = np.zeros((len(truth), len(classes)), dtype=np.float32)
        for fold in range(int(folds.max()) + 1):
            inside, outside = folds != fold, folds == fold
            weights, bias = _fit(rows[inside], truth[inside], len(classes), softness)
            held_out[outside] = rows[outside] @ weights + bias
        weights, bias = _fit(rows, truth, len(classes), softness)
        shift = best_shift(held_out, truth) if len(classes) == 2 else np.zeros(len(classes), dtype=np.float32)
        temperature = best_temperature(held_out + shift, truth)
        head = Head(tuple(classes), weights, bias + shift, temperature)
        return Taught(head, softmax((held_out + shift) / np.float32(temperature)))


def _rows(vectors: Sequence[Sparse], size: int) -> Any:
    from scipy.sparse import csr_matrix

    ends = np.cumsum([0, *(len(vector.indices) for vector in vectors)])
    values = np.concatenate([vector.values for vector in vectors])
    indices = np.concatenate([vector.indices for vector in vectors])
    return csr_matrix((values, indices, ends), shape=(len(vectors), size))


def _fit(rows: Any, truth: npt.NDArray[np.intp], classes: int, softness: float) -> tuple[Floats, Floats]:
    """Weights ``features × classes`` and bias; a class without an example here is never chosen."""
    from sklearn.svm import LinearSVC

    present = np.unique(truth)
    weights = np.zeros((rows.shape[1], classes), dtype=np.float32)
    bias = np.full(classes, -3.0, dtype=np.float32)
    if len(present) == 1:
        bias[present] = 3.0
        return weights, bias
    machine = LinearSVC(C=1 / softness, class_weight="balanced", random_state=_SEED).fit(rows, truth)
    found_weights, found_bias = machine.coef_, machine.intercept_
    if len(present) == 2:
        found_weights, found_bias = np.vstack([-found_weights, found_weights]), np.hstack([-found_bias, found_bias])
    weights[:, present], bias[present] = found_weights.T, found_bias
    return weights, bias


def best_temperature(scores: Floats, truth: npt.NDArray[np.intp]) -> float:
    """The temperature under which ``scores`` are the truest probabilities (least log loss)."""

    def loss(temperature: float) -> float:
        chosen = softmax(scores / np.float32(temperature))[np.arange(len(truth)), truth]
        return float(-np.log(chosen + 1e-9).mean())

    return float(min(np.geomspace(0.05, 3.0, 60), key=loss))


def best_shift(scores: Floats, truth: npt.NDArray[np.intp]) -> Floats:
    """What to add to two columns of scores so that *yes* is said as often as it is true, over- and undershoot alike.

    Balanced training lets the rarer answer be given too often; a temperature alone cannot take that back.
    """

    def loss(shift: Floats) -> float:
        moved = scores + shift
        sharpest = softmax(moved / np.float32(best_temperature(moved, truth)))
        return float(-np.log(sharpest[np.arange(len(truth)), truth] + 1e-9).mean())

    shifts = [np.asarray([0.0, step], dtype=np.float32) for step in np.linspace(-1.5, 1.5, 31)]
    return min(shifts, key=loss)
