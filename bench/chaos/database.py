"""A PostgreSQL process of the harness's own: killed, started again on the same port, never by itself."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import asyncpg

from bench.broker.ports import free_port
from shared.database.cluster import USER, Cluster
from shared.database.postmaster import Postmaster
from shared.errors import DatabaseUnavailable

_START_SECONDS = 15.0


class Database:
    """``folder`` is its own, and must be one that an unprivileged user can enter."""

    name = "postgres"

    def __init__(self, folder: Path) -> None:
        self._cluster = Cluster(folder)
        self._port = free_port()
        self._server: Postmaster | None = None

    @property
    def url(self) -> str:
        """Where services find it."""
        return f"postgresql://{USER}:{self._cluster.password}@127.0.0.1:{self._port}/postgres"

    @property
    def pid(self) -> int | None:
        """Its process, while it lives."""
        return self._server.pid if self._server else None

    async def make(self) -> None:
        """Make it and start it; a backend that dies takes it down from now on, so that no crash is hidden."""
        await asyncio.to_thread(self._cluster.open)
        await self.start()
        connection = await asyncpg.connect(self.url)
        await connection.execute("ALTER SYSTEM SET restart_after_crash = off")
        await connection.execute("ALTER SYSTEM SET max_connections = 300")
        await connection.close()
        await self._running().stop()
        await self.start()

    async def start(self) -> None:
        """Start, and wait until connections are served.

        Raises:
            DatabaseUnavailable: it does not start in time.
        """
        deadline = time.monotonic() + _START_SECONDS
        while True:
            self._server = Postmaster(self._cluster, self._port)
            try:
                return await self._server.start()
            except DatabaseUnavailable:
                # Backends of the one that was killed hold its shared memory for a moment.
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.1)

    def kill(self) -> bool:
        """SIGKILL the postmaster; whether it was there to be killed."""
        pid = self.pid
        if pid is None:
            return False
        os.kill(pid, signal.SIGKILL)
        while self.pid is not None:
            time.sleep(0.005)
        return True

    async def clear(self) -> None:
        """Leave nothing running."""
        if self._server is not None:
            await self._server.stop()
        self._cluster.close()

    def _running(self) -> Postmaster:
        assert self._server is not None
        return self._server
