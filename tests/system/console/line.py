"""A line between browser and router that a test can cut: a browser's own offline switch leaves open streams running."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Self
from urllib.parse import urlsplit


class Line:
    """Forwards a port of its own to the router's."""

    def __init__(self, http: str) -> None:
        self._router = urlsplit(http)
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._port = 0

    @classmethod
    @asynccontextmanager
    async def to(cls, http: str) -> AsyncIterator[Self]:
        """A whole line; nothing of it stays open at the end."""
        line = cls(http)
        await line.mend()
        try:
            yield line
        finally:
            await line.cut()

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def mend(self) -> None:
        """Let requests through, at the same address as before."""
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """End what is open, refuse what is new."""
        if self._server is not None:
            self._server.close()
        writers, self._writers = self._writers, set()
        for writer in writers:
            writer.transport.abort()
        for writer in writers:
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, ahead = await asyncio.open_connection(self._router.hostname, self._router.port)
        self._writers |= {writer, ahead}
        await asyncio.gather(_copy(reader, ahead), _copy(behind, writer))


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await source.read(65_536):
            target.write(data)
            await target.drain()
    target.close()
