"""A wire to PostgreSQL that a test can cut: away altogether, or in the middle of a commit."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit


class Wire:
    """Forwards one unix socket to another; ``url`` goes over it."""

    def __init__(self, url: str, folder: Path) -> None:
        parts = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self._target = f"{query['host']}/.s.PGSQL.{query['port']}"
        self._path = f"{folder}/.s.PGSQL.{query['port']}"
        self.url = urlunsplit(parts._replace(query=urlencode(query | {"host": str(folder)})))
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._calls: set[asyncio.Task[None]] = set()
        self.swallow_answer_to: bytes | None = None

    async def mend(self) -> None:
        """Let connections through."""
        self._server = await asyncio.start_unix_server(self._forward, self._path)

    async def cut(self) -> None:
        """Break all connections and refuse new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        with suppress(FileNotFoundError):
            await asyncio.to_thread(Path(self._path).unlink)
        self._break()
        await asyncio.gather(*self._calls, return_exceptions=True)

    def _break(self) -> None:
        for writer in self._writers:
            writer.close()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        call = asyncio.current_task()
        assert call is not None
        self._calls.add(call)
        up_reader, up_writer = await asyncio.open_unix_connection(self._target)
        self._writers |= {writer, up_writer}
        state = {"swallow": False}
        pumps = [
            asyncio.create_task(self._pump(reader, up_writer, state, watching=True)),
            asyncio.create_task(self._pump(up_reader, writer, state, watching=False)),
        ]
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for end in (writer, up_writer):
            end.close()
            with suppress(ConnectionError):
                await end.wait_closed()
        await asyncio.gather(*pumps, return_exceptions=True)
        self._writers -= {writer, up_writer}
        self._calls.discard(call)

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, state: dict[str, bool], *, watching: bool
    ) -> None:
        while data := await source.read(65_536):
            if watching and self.swallow_answer_to and self.swallow_answer_to in data:
                state["swallow"] = True
            if not watching and state["swallow"]:
                self.swallow_answer_to = None
                self._break()
                return
            sink.write(data)
            await sink.drain()
