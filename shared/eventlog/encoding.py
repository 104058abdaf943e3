"""How every adapter turns an event into a record: which partition its key belongs to, and what is refused."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from shared.errors import Permanent
from shared.events import CloudEvent

PARTITIONS = 8
"""Fixed for good: a key must never move, or its order would be lost."""

LARGEST = 1_000_000
"""Bytes of a record, with its attributes: what every broker takes. More is passed by reference."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """An event, ready to be appended."""

    partition: int
    id: str
    key: str
    headers: dict[str, str]
    value: bytes


def partition_of(key: str, partitions: int = PARTITIONS) -> int:
    """Where the records of ``key`` are, on every machine and in every run."""
    return zlib.crc32(key.encode()) % partitions


def encode(event: CloudEvent) -> Encoded:
    """Check and encode ``event``.

    Raises:
        Permanent: too large, NUL in the key or an attribute, or half a character (a lone surrogate) anywhere. Text is
            cleaned at the door; what comes here all the same must fail before anything is appended, not at some
            reader.
    """
    headers = event.headers()
    try:
        attributes, value = "".join((event.key, *headers.values())).encode(), event.value()
        if b"\0" in attributes:
            raise Permanent(f"event {event.id!r} has a NUL in an attribute")
        if len(value) + len(attributes) > LARGEST:
            raise Permanent(f"event {event.id!r} is too large: {len(value)} bytes of {LARGEST}")
        return Encoded(partition_of(event.key), event.id, event.key, headers, value)
    except ValueError as error:
        raise Permanent(f"event {event.id!r} holds half a character, or what is not JSON") from error
