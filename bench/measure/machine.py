"""What the machine gave while it was measured: flush time, stolen CPU, and what each process used (Linux)."""

from __future__ import annotations

import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = 8_192
STOLEN_TOO_MUCH = 0.1
"""Cores; above it a run says more about the neighbours than about us."""


@dataclass(frozen=True, slots=True)
class Process:
    """One process, or all of a kind: memory in MB, CPU in seconds since it began."""

    name: str
    count: int
    rss_mb: float
    pss_mb: float
    cpu_seconds: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def flush_ms(folder: Path, *, seconds: float = 1.0) -> float:
    """The mean time of an ``fdatasync`` after 8 kB written in place, as PostgreSQL flushes its log."""
    path = folder / "flush"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.pwrite(descriptor, bytes(_PAGE * 64), 0)
        os.fsync(descriptor)
        started, count = time.perf_counter(), 0
        while (passed := time.perf_counter() - started) < seconds:
            os.pwrite(descriptor, bytes(_PAGE), (count % 64) * _PAGE)
            os.fdatasync(descriptor)
            count += 1
        return 1_000 * passed / count
    finally:
        os.close(descriptor)
        path.unlink()


def stolen_seconds() -> float:
    """CPU seconds that the host took from all cores since it started."""
    line = Path("/proc/stat").read_text().split("\n", 1)[0]
    return int(line.split()[8]) / _TICK


def processes(pid: int) -> list[Process]:
    """``pid`` and all below it, PostgreSQL's servers as one."""
    family = [pid, *_below(pid)]
    kinds: dict[str, list[int]] = {}
    for member in family:
        kinds.setdefault(_name(member, root=pid), []).append(member)
    return [_process(name, members) for name, members in kinds.items()]


def _below(pid: int) -> list[int]:
    children = [int(word) for path in Path(f"/proc/{pid}/task").glob("*/children") for word in path.read_text().split()]
    return [member for child in children for member in (child, *_below(child))]


def _name(pid: int, *, root: int) -> str:
    if pid == root:
        return "product"
    command = Path(f"/proc/{pid}/cmdline").read_bytes()
    return "postgres" if b"postgres" in command.split(b"\0")[0] else "children of the product"


def _process(name: str, pids: list[int]) -> Process:
    rollups = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in pids]
    ticks = sum(_ticks(pid) for pid in pids)
    return Process(name, len(pids), _mb(rollups, "Rss:"), _mb(rollups, "Pss:"), ticks / _TICK)


def _mb(rollups: list[str], field: str) -> float:
    lines = [line for rollup in rollups for line in rollup.splitlines() if line.startswith(field)]
    return round(sum(int(line.split()[1]) for line in lines) / 1_024, 1)


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
