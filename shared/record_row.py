"""A log record as a row of PostgreSQL: exact to the byte, and found by what people know of it.

A record that cannot be handled may hold anything, even what no text column takes: NUL, half characters, a key of a
megabyte. What is exact is in ``head`` (JSON of escapes) and ``value``; the other columns are for looking.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from shared.eventlog.base import Record

COLUMNS = "stream, part, pos, key, event_id, type, subject, head, value, digest"
ARRAYS = "{}::text[], {}::int[], {}::bigint[], {}::text[], {}::text[], {}::text[], {}::text[], {}::json[], {}::bytea[], {}::bytea[]"
"""The types of ``COLUMNS``, for ``unnest``."""

_LONGEST = 200
_REASON = 500
_NOT_THE_FACT = frozenset({"ce_time"})
"""Attributes that may differ between two records of one fact; so may tracing, which is no ``ce_`` attribute."""


def columns(record: Record) -> tuple[Any, ...]:
    """The values of ``COLUMNS``."""
    return (
        record.stream,
        record.partition,
        record.position,
        key_of(record),
        _shown(record.headers.get("ce_id")),
        _shown(record.headers.get("ce_type")),
        _shown(record.headers.get("ce_subject")),
        head(record.key, record.headers),
        record.value,
        digest(record),
    )


def record_of(row: Mapping[str, Any]) -> Record:
    """The record again, as it was."""
    key, headers = read_head(row["head"])
    return Record(row["stream"], row["part"], row["pos"], key, headers, row["value"])


def head(key: str, headers: Mapping[str, str]) -> str:
    """Key and headers, whatever is in them."""
    return json.dumps([key, dict(headers)])


def read_head(text: str) -> tuple[str, dict[str, str]]:
    """What ``head`` wrote."""
    key, headers = json.loads(text)
    return key, headers


def key_of(record: Record) -> str:
    """What records that wait behind each other share; a key of any length and content has one."""
    clean = printable(record.key)
    return clean if len(clean) <= _LONGEST else f"{clean[:_LONGEST]} {sha256(clean.encode()).hexdigest()}"


def digest(record: Record) -> bytes:
    """Equal for two records of the same fact, whenever and wherever each was published."""
    facts = {k: v for k, v in record.headers.items() if k.startswith("ce_") and k not in _NOT_THE_FACT}
    told = json.dumps([record.key, facts], sort_keys=True).encode()
    return sha256(sha256(told).digest() + record.value).digest()


def reason_of(error: Exception | str) -> str:
    """Why a record could not be handled, in a line that fits."""
    words = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
    return printable(words)[:_REASON]


def printable(text: str) -> str:
    """``text`` without what no text column takes."""
    return text.replace("\0", "").encode(errors="replace").decode()


def _shown(attribute: str | None) -> str | None:
    return None if attribute is None else printable(attribute)[:_LONGEST]
