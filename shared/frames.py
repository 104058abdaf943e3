"""How a process and its child speak through pipes: 4 bytes of length, big-endian, then as many bytes."""

from __future__ import annotations

import asyncio
import struct
from typing import BinaryIO

_LENGTH = struct.Struct(">I")


def frame(content: bytes) -> bytes:
    """``content``, ready to be written."""
    return _LENGTH.pack(len(content)) + content


def write(sink: BinaryIO, content: bytes) -> None:
    """Write ``content`` at once."""
    sink.write(frame(content))
    sink.flush()


def read(source: BinaryIO) -> bytes | None:
    """The next content, or ``None`` at the end, also if that cuts it off."""
    head = source.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    content = source.read(length)
    return content if len(content) == length else None


async def hear(source: asyncio.StreamReader, *, most: int | None = None) -> bytes:
    """The next content.

    Raises:
        EOFError: the other side has ended.
        ValueError: it is longer than ``most``.
    """
    (length,) = _LENGTH.unpack(await source.readexactly(_LENGTH.size))
    if most is not None and length > most:
        raise ValueError("the child says too much")
    return await source.readexactly(length)
