"""The PostgreSQL that the product brings along and runs as its child, for installations without ``DATABASE_URL``.

It survives ``kill -9`` of anything: what a killed product left behind is ended, and recovery is waited for. It never
writes to our output, and no mode outside its own folder is changed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import structlog

from shared.database.cluster import USER, Cluster
from shared.database.postmaster import Postmaster, end_leftover
from shared.errors import DatabaseUnavailable

_log = structlog.get_logger(__name__)
_START_AGAIN_SECONDS = 10.0
_WATCH_SECONDS = 0.2


class EmbeddedPostgres:
    """A server in ``folder``, from ``start`` to ``stop``; as a service, it is started again when it dies."""

    name = "postgres"

    def __init__(self, folder: Path, *, restarted: Callable[[], None] = lambda: None) -> None:
        self._cluster = Cluster(folder)
        self._server: Postmaster | None = None
        self._restarted = restarted

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def pid(self) -> int | None:
        """The server's process; changes when it had to be started again."""
        return self._server.pid if self._server else None

    @property
    def url(self) -> str:
        """For this process: over the socket, which costs less."""
        server = self._running()
        if server.sockets is None:
            return self.public_url
        host = quote(str(server.sockets), safe="/")
        return f"postgresql://{USER}:{self._cluster.password}@/postgres?host={host}&port={server.port}"

    @property
    def public_url(self) -> str:
        """For other programs on this machine, over loopback; it holds the password."""
        return f"postgresql://{USER}:{self._cluster.password}@127.0.0.1:{self._running().port}/postgres"

    async def start(self) -> None:
        """Hold the folder, make the database if there is none, end a leftover server, start, wait until ready.

        Raises:
            SettingsError: the folder cannot be used; says why and what to do.
            DatabaseUnavailable: the server does not start; carries its last words.
        """
        await asyncio.to_thread(self._cluster.open)
        try:
            await end_leftover(self._cluster)
            await self._serve()
        except BaseException:
            self._cluster.close()
            raise

    async def run(self) -> None:
        """Watch the server until cancelled; when it dies, start it again on the same port."""
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            if self.pid is None:
                _log.error("postgres.died")
                await self._serve(port=self._running().port)
                _log.info("postgres.recovered", pid=self.pid)
                self._restarted()

    async def stop(self) -> None:
        """End the server within seconds and let the folder go."""
        if self._server is not None:
            await self._server.stop()
        self._cluster.close()

    async def _serve(self, port: int | None = None) -> None:
        deadline = time.monotonic() + _START_AGAIN_SECONDS
        while True:
            self._server = Postmaster(self._cluster, port)
            try:
                return await self._server.start()
            except DatabaseUnavailable:
                # Backends of a killed server live on for a moment, or somebody was faster with the port.
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.2)
            except BaseException:
                await self._server.stop()
                raise

    def _running(self) -> Postmaster:
        if self._server is None:
            raise DatabaseUnavailable("PostgreSQL was not started")
        return self._server
