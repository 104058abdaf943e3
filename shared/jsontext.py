"""JSON between ourselves: what our tables, our log and our screens carry. From outside, ``shared.http`` reads strictly.

Reader and writer are pydantic's, in Rust: half and a quarter of the standard library's time. Text that nothing can
store, such as half a surrogate pair, raises ``ValueError`` in both directions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic_core import from_json, to_json


class Unread(Mapping[str, Any]):
    """A JSON object in its text: small to keep, passed on as it is, and read anew with every look into it.

    Who looks twice reads it once with ``read``.
    """

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def read(self) -> dict[str, Any]:
        """The object."""
        found: dict[str, Any] = from_json(self.text)
        return found

    def __getitem__(self, name: str) -> Any:
        return self.read()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.read())

    def __len__(self) -> int:
        return len(self.read())


def dump(value: Any) -> bytes:
    """``value`` in UTF-8, without spaces. Times and UUIDs are written as text, a whole ``Unread`` as it came."""
    return value.text.encode() if isinstance(value, Unread) else to_json(value)


def dump_text(value: Any) -> str:
    """``dump`` as text."""
    return value.text if isinstance(value, Unread) else to_json(value).decode()


def load(text: str | bytes) -> Any:
    """What ``text`` says.

    Raises:
        ValueError: it is not JSON, or is nested deeper than 200.
    """
    return from_json(text)
