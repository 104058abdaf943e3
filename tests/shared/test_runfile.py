"""``run.json`` tells where the running product is, and nothing of a dead one."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

from shared import runfile
from shared.runfile import RunFile


def test_what_is_written_is_read_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    run = RunFile(pid=os.getpid(), http="http://127.0.0.1:1", lmtp="127.0.0.1:2", database_url="postgresql://x")
    runfile.write(tmp_path, run)
    assert runfile.read(tmp_path) == run
    assert stat.S_IMODE((tmp_path / "run.json").stat().st_mode) == 0o600
    assert set(json.loads((tmp_path / "run.json").read_text())) == {
        "pid", "http", "admin", "lmtp", "postgres_pid", "database_url",
    }  # fmt: skip
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_a_removed_one_is_gone_and_may_be_removed_again(tmp_path: Path) -> None:
    runfile.write(tmp_path, RunFile(pid=os.getpid()))
    runfile.remove(tmp_path)
    runfile.remove(tmp_path)
    runfile.remove(tmp_path / "absent")
    assert runfile.read(tmp_path) is None


def test_the_file_of_a_killed_product_names_nobody(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    runfile.write(tmp_path, RunFile(pid=dead.pid))
    assert runfile.read(tmp_path) is None


def test_a_spoilt_file_names_nobody(tmp_path: Path) -> None:
    for content in ("", "{", "[]", '{"other": 1}'):
        (tmp_path / "run.json").write_text(content)
        assert runfile.read(tmp_path) is None
