"""Logs are JSON lines on stderr, ours and the libraries'."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import logging, structlog
from shared.telemetry import configure_logging, correlated
configure_logging("INFO")
log = structlog.get_logger("ours")
with correlated("c-1"):
    log.info("offer.made", agent="a")
    logging.getLogger("library").warning("odd %s", "thing")
log.debug("hidden")
logging.getLogger("library").info("hidden too")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("loop.failed")
"""


def test_every_line_is_one_json_object_on_stderr_with_its_correlation() -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    assert run.stdout == ""
    lines = [json.loads(line) for line in run.stderr.splitlines()]
    assert [(line["event"], line["level"], line.get("correlation_id")) for line in lines] == [
        ("offer.made", "info", "c-1"),
        ("odd thing", "warning", "c-1"),
        ("loop.failed", "error", None),
    ]
    assert all("timestamp" in line for line in lines)
    assert lines[2]["exception"][0]["exc_type"] == "ZeroDivisionError"
