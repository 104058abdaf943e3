"""What senders were promised, written outside the product: one JSON line an acknowledgement."""

from __future__ import annotations

import json
from pathlib import Path


class Ledger:
    """Append-only file of ``{"id", "door"}``; a line is in the file before ``promise`` returns."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8", buffering=1)
        self.count = 0

    def promise(self, inquiry_id: str, door: str) -> None:
        """Write down that ``door`` acknowledged ``inquiry_id``."""
        self._file.write(json.dumps({"id": inquiry_id, "door": door}) + "\n")
        self.count += 1

    def close(self) -> None:
        self._file.close()
