"""``run.json`` in the data folder: where the running product is, for tests, commands and people."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

_NAME = "run.json"


@dataclass(frozen=True, slots=True)
class RunFile:
    """``None`` means: this process has none."""

    pid: int
    http: str | None = None
    admin: str | None = None
    lmtp: str | None = None
    postgres_pid: int | None = None
    database_url: str | None = None


def write(data_dir: Path, run: RunFile) -> None:
    """Replace the file in one step, readable by its owner alone, since the URL holds a password."""
    unfinished = data_dir / f".{_NAME}.{os.getpid()}"
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(run), file)
    unfinished.replace(data_dir / _NAME)


def read(data_dir: Path) -> RunFile | None:
    """The running product; ``None`` if there is none, or a killed one left the file behind."""
    try:
        run = RunFile(**json.loads((data_dir / _NAME).read_text("utf-8")))
    except (FileNotFoundError, NotADirectoryError, ValueError, TypeError):
        return None
    return run if _lives(run.pid) else None


def remove(data_dir: Path) -> None:
    """At start and stop: nobody may take an old file for a running product."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        (data_dir / _NAME).unlink()


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
