"""The product as a process of its own, started, found and killed the way an operator's machine would."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

COMMAND = (str(Path(sys.executable).with_name("inquiry-router")), "up", "--demo")
API_KEY = "irk_bench_0123456789abcdef0123456789abcdef0123456789abcdef"
PASSWORD = "bench-password-1"
_QUIET = {
    "HTTP_PORT": "0",
    "ADMIN_PORT": "0",
    "LMTP_PORT": "0",
    "DEMO_TRAFFIC": "off",
    "DEMO_AGENTS": "off",
    "DEMO_PASSWORD": PASSWORD,
    "DEMO_API_KEY": API_KEY,
    "RATE_PER_KEY": "100000/s",
}


@dataclass
class Product:
    """One installation in ``folder``; the same folder may be started again and again."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    command: Sequence[str] = COMMAND
    process: subprocess.Popen[bytes] | None = None
    run: dict[str, Any] = field(default_factory=dict)

    async def start(self, *, seconds: float = 60) -> float:
        """Start and wait until every door is open; returns the seconds it took.

        Raises:
            RuntimeError: it ended or was not ready in time; carries its last words.
        """
        started = time.monotonic()
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "DATA_DIR": str(self.folder / "data")}
        with (self.folder / "product.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                env=environment | _QUIET | self.environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        runfile = self.folder / "data" / "run.json"
        while time.monotonic() - started < seconds:
            if self.process.poll() is not None:
                break
            if runfile.exists() and (run := json.loads(runfile.read_text()))["pid"] == self.process.pid:
                self.run = run
                return time.monotonic() - started
            await asyncio.sleep(0.02)
        raise RuntimeError(f"not ready: {self.last_words()}")

    def last_words(self) -> str:
        """The end of its log."""
        return (self.folder / "product.log").read_text(errors="replace")[-3000:]

    def kill(self, *, database: bool) -> None:
        """SIGKILL the product, and PostgreSQL's postmaster with it if ``database``."""
        assert self.process is not None
        self.process.kill()
        if database and self.run["postgres_pid"]:
            os.kill(self.run["postgres_pid"], signal.SIGKILL)
        self.process.wait()

    def stop(self, *, seconds: float = 15) -> int:
        """SIGTERM; returns the exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(timeout=seconds)

    def clear(self) -> None:
        """Leave nothing of it running, whatever state it is in."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self.kill(database=False)
        postmaster = next(iter((self.folder / "data").rglob("postmaster.pid")), None)
        if postmaster and (pid := self.run.get("postgres_pid")) and postmaster.read_text().startswith(f"{pid}\n"):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def verify(self, ledger: Path) -> dict[str, Any]:
        """What ``doctor --verify`` says of the promises in ``ledger``."""
        doctor = subprocess.run(
            [COMMAND[0], "doctor", "--verify", "--ledger", str(ledger), "--json"],
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "DATA_DIR": str(self.folder / "data")},
            capture_output=True,
            check=False,
        )
        if doctor.returncode not in {0, 1}:
            raise RuntimeError(doctor.stderr.decode())
        result: dict[str, Any] = json.loads(doctor.stdout)
        return result
