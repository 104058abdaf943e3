"""One run of the PostgreSQL server process, and the end of one that an earlier, killed product left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from shared.database.binaries import programs
from shared.database.cluster import Cluster
from shared.errors import DatabaseUnavailable

_log = structlog.get_logger(__name__)
_SOCKET_PATH_BYTES = 100
_STALLED_SECONDS = 30.0
_SETTINGS = {
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "listen_addresses": "127.0.0.1",
    "unix_socket_permissions": "0700",
    "log_startup_progress_interval": "1s",
    "timezone": "UTC",
}


class Postmaster:
    """A PostgreSQL server on a cluster, as our child."""

    def __init__(self, cluster: Cluster, port: int | None = None) -> None:
        self._cluster = cluster
        self._child: subprocess.Popen[bytes] | None = None
        self.port = port or _free_port()
        # A path that the kernel would cut is not used at all: TCP on loopback remains.
        fits = len(os.fsencode(cluster.sockets)) <= _SOCKET_PATH_BYTES
        self.sockets = cluster.sockets if fits else None

    @property
    def pid(self) -> int | None:
        """The server's process, while it runs."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    async def start(self) -> None:
        """Start, and wait until connections are served, however long recovery takes as long as it makes progress.

        Raises:
            DatabaseUnavailable: it ended, or made no progress for 30 s; carries the last lines of its log.
        """
        self._child = self._spawn()
        await self._until_ready(self._child)

    def _spawn(self) -> subprocess.Popen[bytes]:
        settings = _SETTINGS | {"port": str(self.port), "unix_socket_directories": str(self.sockets or "")}
        command = [str(programs() / "postgres"), "-D", str(self._cluster.data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with self._cluster.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._cluster.folder,
                start_new_session=True,  # Ctrl-C is for us: we stop it when we have finished
                **self._cluster.owner.process(),
            )

    async def _until_ready(self, child: subprocess.Popen[bytes]) -> None:
        size, since = -1, time.monotonic()
        while not self._ready(child.pid):
            if child.poll() is not None:
                raise DatabaseUnavailable(f"PostgreSQL ended at start: {self._last_words()}")
            if (now := self._cluster.log.stat().st_size) != size:
                size, since = now, time.monotonic()
            if time.monotonic() - since > _STALLED_SECONDS:
                await self.stop()
                raise DatabaseUnavailable(f"PostgreSQL makes no progress: {self._last_words()}")
            await asyncio.sleep(0.01)

    def _ready(self, pid: int) -> bool:
        lines = _pid_file(self._cluster.data)
        return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"

    def _last_words(self) -> str:
        with self._cluster.log.open("rb") as log:
            log.seek(max(0, self._cluster.log.stat().st_size - 1000))
            return " / ".join(log.read().decode(errors="replace").splitlines()[-4:])

    async def stop(self) -> None:
        """End it: without waiting for clients, then without a checkpoint, then by force. Never raises."""
        child, self._child = self._child, None
        if child is not None and child.poll() is None:
            await _end(child.pid, gone=lambda: child.poll() is not None)


async def end_leftover(cluster: Cluster) -> None:
    """End the server that a killed product left on ``cluster``; call with the folder's lock held."""
    lines = _pid_file(cluster.data)
    pid = int(lines[0]) if lines and lines[0].isdigit() else None
    if pid is None:
        return
    if _serves(pid, cluster.data):
        _log.warning("postgres.leftover_ended", pid=pid)
        await _end(pid, gone=lambda: not _serves(pid, cluster.data))
    elif _command(pid):
        # The number now belongs to a stranger; the server would take it for a sibling and refuse to start.
        (cluster.data / "postmaster.pid").unlink(missing_ok=True)


def _serves(pid: int, data: Path) -> bool:
    command = _command(pid)
    return "postgres" in command and str(data) in command


def _command(pid: int) -> str:
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            return ""
    asked = ["ps", "-o", "command=", "-p", str(pid)]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout  # noqa: S603


async def _end(pid: int, *, gone: Callable[[], bool]) -> None:
    for way, seconds in ((signal.SIGINT, 5.0), (signal.SIGQUIT, 2.0), (signal.SIGKILL, 2.0)):
        try:
            os.kill(pid, way)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if gone():
                return
            await asyncio.sleep(0.02)


def _pid_file(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
