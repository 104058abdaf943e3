"""The figures as a table for people; the same as JSON for the next run to compare with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bench.measure.machine import STOLEN_TOO_MUCH

_COLUMNS = "{what:44} {rate:>8} {p50:>8} {p95:>8} {p99:>8} {stolen:>8}"


def table(report: Mapping[str, Any]) -> str:
    """The whole report, times in ms."""
    return "\n".join(_lines(report))


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    yield f"flush of 8 kB: {report['flush_ms']:.2f} ms · {report['cores']} cores · Python {report['python']}"
    yield ""
    yield _COLUMNS.format(what="", rate="a second", p50="p50", p95="p95", p99="p99", stolen="stolen")
    yield _row("receipt → offer, over HTTP", report["latency"], "offered")
    yield _row("receipt → offer, in process", report["latency_in_process"], "offered")
    yield _row("accept commands from 8 clients, in process", report["accept_commands"], "accept")
    yield _row("highest rate held over HTTP, accept → assigned", report["over_http"]["best"], "assigned")
    yield _row("highest rate held in process, accept → assigned", report["in_process"]["best"], "assigned")
    yield ""
    for process in report["memory"]:
        name = f"{process['name']} ({process['count']})"
        yield f"{name:44} RSS {process['rss_mb']:7.1f} MB   PSS {process['pss_mb']:7.1f} MB"


def _row(what: str, run: Mapping[str, Any] | None, figure: str) -> str:
    if run is None:
        return f"{what:44} none held"
    times = run[figure]
    void = "  void: too much was stolen" if run["stolen_cores"] > STOLEN_TOO_MUCH else ""
    return (
        _COLUMNS.format(
            what=what,
            rate=f"{run['rate']:.0f}",
            p50=times.get("p50", "–"),
            p95=times.get("p95", "–"),
            p99=times.get("p99", "–"),
            stolen=f"{run['stolen_cores']:.2f}",
        )
        + void
    )
