"""Records as they came, foreign ones too: what cannot be text is made text, so that it can be kept and shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shared.eventlog.base import Record


def as_records(fetched: Iterable[Any]) -> list[Record]:
    """The port's records, in the order given."""
    return [
        Record(
            one.topic,
            one.partition,
            one.offset,
            _text(one.key),
            {_clean(name): _text(value) for name, value in one.headers},
            one.value or b"",
        )
        for one in fetched
    ]


def _text(value: bytes | None) -> str:
    return _clean((value or b"").decode(errors="backslashreplace"))


def _clean(text: str) -> str:
    """Without the one character that no database takes."""
    return text.replace("\0", "\\x00")
