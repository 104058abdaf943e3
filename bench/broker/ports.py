"""Ports that stay a broker's own while it is down."""

from __future__ import annotations

import random
import socket
import subprocess
import time

_LOWEST, _HIGHEST = 20_000, 32_000
"""Below the range that the system hands to clients: nobody takes a dead broker's port, nor connects to itself there."""
_LOOK_SECONDS = 0.02


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    while True:
        port = random.randrange(_LOWEST, _HIGHEST)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port


def wait_for_port(port: int, process: subprocess.Popen[bytes], *, seconds: float) -> None:
    """Until ``process`` accepts on ``port``.

    Raises:
        TimeoutError: it does not, or ended.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            time.sleep(_LOOK_SECONDS)
        else:
            return
    raise TimeoutError(f"nobody accepts on port {port}")
