"""A cheap HTTP/1.1 client: what the generator spends is missing to the product on the same two cores.

Answers must carry a length, as all of the product's do, except a stream, which is read by chunks. One request at a
time goes over a connection; connections are kept and shared. About a tenth of the CPU of a full client.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True)
class Reply:
    """A status and the bytes after the headers."""

    status: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """Keeps connections to one address. ``send`` raises OSError or EOFError if the other side breaks off."""

    def __init__(self, address: str) -> None:
        self._host, _, port = address.removeprefix("http://").rstrip("/").rpartition(":")
        self._port = int(port)
        self._idle: list[_Connection] = []

    async def send(
        self, method: str, path: str, *, token: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """One request, answered."""
        reader, writer = self._idle.pop() if self._idle else await asyncio.open_connection(self._host, self._port)
        try:
            writer.write(self._request(method, path, token, body, headers or {}))
            status, length = await _head(reader)
            reply = Reply(status, await reader.readexactly(length) if length else b"")
        except BaseException:
            await _end(writer)
            raise
        self._idle.append((reader, writer))
        return reply

    async def stream(self, path: str, *, token: str) -> AsyncIterator[bytes]:
        """The server-sent events of ``path``, each as its bytes without the closing blank line."""
        reader, writer = await asyncio.open_connection(self._host, self._port, limit=2**22)
        try:
            writer.write(self._request("GET", path, token, None, {"Accept": "text/event-stream"}))
            status, _ = await _head(reader)
            if status != 200:
                raise ConnectionError(f"stream refused: {status}")
            rest = b""
            while size := int(await reader.readline(), 16):
                rest += await reader.readexactly(size)
                await reader.readexactly(2)
                *events, rest = rest.replace(b"\r\n", b"\n").split(b"\n\n")
                for event in events:
                    yield event
        finally:
            await _end(writer)

    async def close(self) -> None:
        """Close what is idle."""
        while self._idle:
            await _end(self._idle.pop()[1])

    def _request(self, method: str, path: str, token: str, body: Any, headers: Mapping[str, str]) -> bytes:
        content = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._host}:{self._port}", f"Authorization: Bearer {token}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}", "", ""]
        return "\r\n".join(lines).encode() + content


async def _end(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def _head(reader: asyncio.StreamReader) -> tuple[int, int]:
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    return status, int(rest.partition(b"\r\n")[0]) if found else 0
