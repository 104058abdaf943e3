"""The checks of documents that others read, as a test asks them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "tools" / "documents"
BIN = Path(sys.executable).parent
SCHEMA = [BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "--default-filetype", "yaml", "-"]
PARSER = [BIN / "node", PROJECT / "asyncapi.mjs"]


def faults_in_events(document: str) -> list[str]:
    """What AsyncAPI's parser says against ``document``, a line each."""
    assert (PROJECT / "node_modules" / ".lock-hash").is_file(), "run `make documents`"
    done = subprocess.run(PARSER, input=document, capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode == 0) == (done.stderr == ""), done.stderr
    return done.stderr.splitlines()


def is_sound_compose(document: str) -> bool:
    """Whether ``document`` is as the Compose Specification's schema says."""
    done = subprocess.run(SCHEMA, input=document, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode in {0, 1}, done.stderr
    return done.returncode == 0
