"""HTTP servers inside this process: bound before anything is promised, ended within seconds."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from shared.errors import SettingsError

_LARGEST_FRAME = 16 * 1024  # a chat frame
_PATIENCE_SECONDS = 3
_KEEP_ALIVE_SECONDS = 75  # longer than proxies and clients keep theirs, so that it is they who hang up


class _Server(uvicorn.Server):
    """Leaves the signals to the composition root."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Serving:
    """One application on one address. ``proxies`` are believed when they say who asks, and by which scheme."""

    def __init__(self, app: ASGIApp, *, host: str, port: int, name: str, proxies: str = "127.0.0.1") -> None:
        self._socket = bound(host, port, name)
        self._host = host
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            forwarded_allow_ips=proxies,
            lifespan="off",
            ws_max_size=_LARGEST_FRAME,
            ws_ping_interval=20,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_PATIENCE_SECONDS,
        )
        self._server = _Server(config)
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where it answers; a wildcard address is told as loopback."""
        host = "127.0.0.1" if self._host in {"0.0.0.0", "::", ""} else self._host  # noqa: S104  # told, not bound
        return f"http://{f'[{host}]' if ':' in host else host}:{self._socket.getsockname()[1]}"

    async def start(self) -> None:
        """Begin to answer; what knocks before the server has drawn breath waits in the socket's queue."""
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        await asyncio.sleep(0)

    async def stop(self) -> None:
        """Take nothing new, finish what is under way, close the rest."""
        if self._task is None:
            self._socket.close()
            return
        self._server.should_exit = True
        await asyncio.wait([self._task], timeout=_PATIENCE_SECONDS + 1)


def bound(host: str, port: int, name: str) -> socket.socket:
    """A listening socket on ``host`` and ``port``.

    Raises:
        SettingsError: the address is taken or is not this machine's.
    """
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=2048
        )
    except OSError as error:
        raise SettingsError([f"{name}: {host}:{port} cannot be opened: {error.strerror or error}"]) from error
