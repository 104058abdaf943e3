"""An evaluation as tables for a terminal."""

from __future__ import annotations

from rich.console import Group
from rich.table import Table

from services.classifier.evaluate import Report, TopicFigures


def tables(report: Report) -> Group:
    """The figures of ``report``, ready for ``rich.print``."""
    return Group(_topics(report), _others(report))


def _topics(report: Report) -> Table:
    table = Table(title=f"Topics, {report.messages} messages, model {report.model}")
    table.add_column("language")
    for heading in ("messages", "accuracy", "macro-F1", "in top 3", "coverage", "precision", "ECE"):
        table.add_column(heading, justify="right")
    for language, figures in report.by_language.items():
        table.add_row(language, *_cells(figures))
    table.add_section()
    table.add_row("all", *_cells(report.topic))
    return table


def _cells(figures: TopicFigures) -> list[str]:
    shares = (figures.accuracy, figures.macro_f1, figures.top3, figures.coverage, figures.precision)
    return [str(figures.messages), *(f"{share:.3f}" for share in (*shares, figures.calibration_error))]


def _others(report: Report) -> Table:
    table = Table(title="Language, urgency, sentiment")
    table.add_column("figure")
    table.add_column("value", justify="right")
    language, urgency, sentiment = report.language, report.urgency, report.sentiment
    rows = {
        "language found, whole text": language.whole,
        "language found, without diacritics": language.without_marks,
        "language found, first 10 words": language.ten_words,
        "language found, first 5 words": language.five_words,
        "language undetermined": language.undetermined,
        "urgency 3–4, R-precision": urgency.r_precision,
        "urgency 4 within the top 15 %": urgency.critical_in_top,
        "urgency, quadratic kappa": urgency.kappa,
        "urgency, accuracy (majority " + f"{urgency.majority:.3f})": urgency.accuracy,
        "sentiment, accuracy (majority " + f"{sentiment.majority:.3f})": sentiment.accuracy,
        "sentiment, macro-F1": sentiment.macro_f1,
    }
    for name, value in rows.items():
        table.add_row(name, f"{value:.3f}")
    return table
