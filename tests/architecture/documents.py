"""The checks of documents that others read, as a test asks them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "tools" / "documents"
NODE = Path(sys.executable).with_name("node")


def faults(check: str, document: str) -> list[str]:
    """What ``check`` says against ``document``, a line each."""
    if not (PROJECT / "node_modules" / ".lock-hash").is_file():
        subprocess.run([sys.executable, ROOT / "tools" / "check_documents.py"], capture_output=True, check=True)
    done = subprocess.run(
        [NODE, PROJECT / check], input=document, capture_output=True, text=True, timeout=100, check=False
    )
    assert (done.returncode == 0) == (done.stderr == ""), done.stderr
    return done.stderr.splitlines()
