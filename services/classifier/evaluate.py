"""How good a pipeline is on labelled messages that it has not learnt from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from services.classifier.component import Batch
from services.classifier.corpus import SENTIMENTS, Example, read_gate
from services.classifier.pipeline import Pipeline
from services.classifier.question import Question
from services.classifier.text import strip_marks
from shared.domain.classification import TOPICS, UNDETERMINED

Truths = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]

_BINS = 10
_TOP_SHARE = 0.15


@dataclass(frozen=True, slots=True)
class TopicFigures:
    """Topic: accuracy and macro-F1 over all answers; coverage and precision where the model does not abstain."""

    messages: int
    accuracy: float
    macro_f1: float
    top3: float
    coverage: float
    precision: float
    calibration_error: float


@dataclass(frozen=True, slots=True)
class LanguageFigures:
    """Share of texts whose language is found: whole, without diacritics, first ten words, first five."""

    whole: float
    without_marks: float
    ten_words: float
    five_words: float
    undetermined: float


@dataclass(frozen=True, slots=True)
class UrgencyFigures:
    """R-precision of 3–4 at the depth of their share, share of 4 in the top 15 %, quadratic kappa, accuracy."""

    r_precision: float
    critical_in_top: float
    kappa: float
    accuracy: float
    majority: float


@dataclass(frozen=True, slots=True)
class SentimentFigures:
    """Accuracy and macro-F1 of three tones, and what always saying the most frequent would give."""

    accuracy: float
    macro_f1: float
    majority: float


@dataclass(frozen=True, slots=True)
class Report:
    """All figures of one pipeline on one set."""

    model: str
    messages: int
    topic: TopicFigures
    by_language: dict[str, TopicFigures]
    language: LanguageFigures
    urgency: UrgencyFigures
    sentiment: SentimentFigures

    def to_json(self) -> dict[str, Any]:
        """The figures, rounded to four places."""
        rounded: dict[str, Any] = _rounded(asdict(self))
        return rounded


def evaluate(pipeline: Pipeline, examples: Sequence[Example] | None = None) -> Report:
    """The figures of ``pipeline`` on ``examples`` (the gate, if none are given), without any language hint."""
    examples = read_gate() if examples is None else examples
    batch = pipeline.run([example.question() for example in examples])
    languages = sorted({example.language for example in examples})
    return Report(
        model=pipeline.model,
        messages=len(examples),
        topic=_topic(batch, examples, range(len(examples))),
        by_language={
            language: _topic(batch, examples, [i for i, e in enumerate(examples) if e.language == language])
            for language in languages
        },
        language=_language(pipeline, batch, examples),
        urgency=_urgency(batch, examples),
        sentiment=_sentiment(batch, examples),
    )


def _topic(batch: Batch, examples: Sequence[Example], places: Sequence[int]) -> TopicFigures:
    said = [batch.drafts[place].topic for place in places]
    truth = [examples[place].topic for place in places]
    right = np.asarray([answer.value == true for answer, true in zip(said, truth, strict=True)])
    kept = np.asarray([not batch.drafts[place].abstained for place in places])
    return TopicFigures(
        messages=len(places),
        accuracy=float(right.mean()),
        macro_f1=macro_f1([answer.value for answer in said], truth, TOPICS),
        top3=_mean([true in dict(answer.top[:3]) for answer, true in zip(said, truth, strict=True)]),
        coverage=float(kept.mean()),
        precision=float(right[kept].mean()) if kept.any() else 0.0,
        calibration_error=calibration_error(np.asarray([answer.confidence for answer in said]), right),
    )


def _language(pipeline: Pipeline, batch: Batch, examples: Sequence[Example]) -> LanguageFigures:
    truth = [example.language for example in examples]

    def found(said: Sequence[str]) -> float:
        return _mean([a == b for a, b in zip(said, truth, strict=True)])

    whole = [draft.language.value for draft in batch.drafts]
    return LanguageFigures(
        whole=found(whole),
        without_marks=found(_languages(pipeline, [strip_marks(e.text.lower()) for e in examples])),
        ten_words=found(_languages(pipeline, [" ".join(e.text.split()[:10]) for e in examples])),
        five_words=found(_languages(pipeline, [" ".join(e.text.split()[:5]) for e in examples])),
        undetermined=_mean([value == UNDETERMINED for value in whole]),
    )


def _languages(pipeline: Pipeline, texts: Sequence[str]) -> list[str]:
    return [draft.language.value for draft in pipeline.run([Question(text) for text in texts]).drafts]


def _urgency(batch: Batch, examples: Sequence[Example]) -> UrgencyFigures:
    truth = np.asarray([example.urgency for example in examples])
    said = np.asarray([draft.urgency.value for draft in batch.drafts])
    shares = batch.probabilities["urgency"].astype(np.float64)
    high = truth >= 3
    by_high = np.argsort(-(shares[:, 2] + shares[:, 3]), kind="stable")[: int(high.sum())]
    by_critical = np.argsort(-shares[:, 3], kind="stable")[: int(_TOP_SHARE * len(truth))]
    critical = truth == 4
    return UrgencyFigures(
        r_precision=float(high[by_high].mean()) if len(by_high) else 0.0,
        critical_in_top=float(critical[by_critical].sum() / max(1, critical.sum())),
        kappa=quadratic_kappa(said, truth),
        accuracy=float((said == truth).mean()),
        majority=float(np.bincount(truth).max() / len(truth)),
    )


def _sentiment(batch: Batch, examples: Sequence[Example]) -> SentimentFigures:
    said = [draft.sentiment.value if draft.sentiment else "" for draft in batch.drafts]
    truth = [example.sentiment for example in examples]
    return SentimentFigures(
        accuracy=_mean([a == b for a, b in zip(said, truth, strict=True)]),
        macro_f1=macro_f1(said, truth, SENTIMENTS),
        majority=max(truth.count(value) for value in SENTIMENTS) / len(truth),
    )


def macro_f1(said: Sequence[str], truth: Sequence[str], classes: Sequence[str]) -> float:
    """The mean F1 over those ``classes`` that occur in ``truth``."""
    scores = []
    for name in classes:
        hits = sum(a == name == b for a, b in zip(said, truth, strict=True))
        if name in truth:
            scores.append(2 * hits / (said.count(name) + truth.count(name)))
    return float(np.mean(scores))


def calibration_error(confidence: Numbers, right: Truths) -> float:
    """Expected calibration error over ten bins of equal width."""
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    gaps = [
        abs(confidence[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean() for b in set(bins.tolist())
    ]
    return float(sum(gaps))


def quadratic_kappa(said: npt.NDArray[np.int_], truth: npt.NDArray[np.int_]) -> float:
    """Agreement of two ratings beyond chance, far misses weighing by the square of their distance."""
    observed = np.mean((said - truth) ** 2.0)
    by_chance = np.mean((said[:, np.newaxis] - truth[np.newaxis, :]) ** 2.0)
    return float(1 - observed / by_chance) if by_chance else 1.0


def _mean(values: Sequence[bool]) -> float:
    return sum(values) / len(values)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    return value
