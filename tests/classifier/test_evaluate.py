"""The figures are what their names say."""

from __future__ import annotations

from io import StringIO

import numpy as np
import pytest
from rich.console import Console

from services.classifier import report
from services.classifier.components.topic import threshold
from services.classifier.corpus import read_gate
from services.classifier.evaluate import calibration_error, evaluate, macro_f1, quadratic_kappa
from services.classifier.pipeline import Pipeline


def test_macro_f1_is_the_mean_over_the_classes_that_occur() -> None:
    assert macro_f1(["a", "a", "b"], ["a", "b", "b"], ["a", "b", "c"]) == pytest.approx((2 / 3 + 2 / 3) / 2)
    assert macro_f1(["a", "b"], ["a", "b"], ["a", "b"]) == 1


def test_calibration_error_is_the_gap_between_confidence_and_truth() -> None:
    assert calibration_error(np.full(10, 0.75), np.asarray([True] * 5 + [False] * 5)) == pytest.approx(0.25)
    assert calibration_error(np.full(4, 1.0), np.full(4, True)) == 0


def test_kappa_punishes_far_misses_more() -> None:
    truth = np.asarray([1, 2, 3, 4])
    assert quadratic_kappa(truth, truth) == 1
    assert quadratic_kappa(np.asarray([2, 2, 3, 4]), truth) > quadratic_kappa(np.asarray([4, 2, 3, 4]), truth)


def test_the_threshold_is_the_lowest_that_keeps_the_precision() -> None:
    shares = np.asarray([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4]], dtype=np.float32)
    assert threshold(shares, np.asarray([0, 0, 0, 1]), 0.9) == pytest.approx(0.7)
    assert threshold(shares, np.asarray([1, 1, 1, 1]), 0.9) == 1.0


def test_the_default_model_beats_guessing_by_far(pipeline: Pipeline) -> None:
    figures = evaluate(pipeline)
    assert set(figures.by_language) == {"da", "de", "en", "lv", "pl", "sv"}
    assert min(topics.macro_f1 for topics in figures.by_language.values()) > 0.4
    assert figures.language.whole > 0.98
    assert figures.urgency.accuracy > figures.urgency.majority
    assert figures.sentiment.accuracy > figures.sentiment.majority


def test_a_report_is_plain_json_and_prints_as_tables(pipeline: Pipeline) -> None:
    figures = evaluate(pipeline, read_gate()[:90])
    assert figures.to_json()["topic"]["messages"] == 90
    console = Console(record=True, width=120, file=StringIO())
    console.print(report.tables(figures))
    printed = console.export_text()
    assert "macro-F1" in printed
    assert "quadratic kappa" in printed
