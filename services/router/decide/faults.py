"""A list of faults that grows while a document is read, so that an author sees all of them at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from shared.errors import Fault


class Faults:
    """Collects; ``found`` is what was wrong so far, in reading order."""

    def __init__(self) -> None:
        self.found: list[Fault] = []

    def add(self, pointer: str, code: str, detail: str) -> None:
        """Note one fault at a JSON pointer."""
        self.found.append(Fault(pointer=pointer, code=code, detail=detail))

    def mapping(self, value: Any, pointer: str, *, known: Collection[str] | None = None) -> Mapping[str, Any]:
        """``value`` if it is a mapping with text keys, all of them ``known``; what does not fit is noted."""
        if not isinstance(value, Mapping):
            self.add(pointer, "not-a-mapping", "expected a mapping of names to values")
            return {}
        for key in value:
            if not isinstance(key, str):
                self.add(below(pointer, str(key)), "not-text", "a name must be text; put it in quotes")
            elif known is not None and key not in known:
                self.add(below(pointer, key), "unknown-key", f"expected one of: {', '.join(sorted(known))}")
        return {key: entry for key, entry in value.items() if isinstance(key, str)}


def below(pointer: str, key: str | int) -> str:
    """The JSON pointer of ``key`` inside ``pointer``."""
    return f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"
