"""The cheap client reads what servers really send."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bench.load.wire import Wire

LENGTH = b'HTTP/1.1 202 Accepted\r\nContent-Length: 11\r\nX-Other: y\r\n\r\n{"id": "a"}'
CHUNKS = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"b\r\nid: 1\ndata:\r\n8\r\n one\n\nid\r\nd\r\n: 2\ndata: 2\n\n\r\n0\r\n\r\n"
)


@asynccontextmanager
async def _server(answer: bytes) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
            writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.close()


async def test_answers_are_read_one_after_the_other_over_one_connection() -> None:
    async with _server(LENGTH) as address:
        wire = Wire(address)
        for _ in range(3):
            reply = await wire.send("POST", "/x", token="t", body={"text": "ž"})
            assert (reply.status, reply.json()) == (202, {"id": "a"})
        await wire.close()


async def test_events_are_put_together_from_chunks() -> None:
    async with _server(CHUNKS) as address:
        events = [event async for event in Wire(address).stream("/events", token="t")]
    assert events == [b"id: 1\ndata: one", b"id: 2\ndata: 2"]


async def test_a_refused_stream_is_an_error() -> None:
    async with _server(LENGTH) as address:
        with pytest.raises(ConnectionError, match="202"):
            await anext(Wire(address).stream("/events", token="t"))
