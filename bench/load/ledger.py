"""What senders were promised, written outside the product: one JSON line an acknowledgement."""

from __future__ import annotations

import json
from pathlib import Path

from bench.load.deliveries import Delivery
from bench.load.senders import Answer


class Ledger:
    """Append-only file of ``{"id", "door"}``; a line is in the file before ``answered`` returns. A witness."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8", buffering=1)
        self.count = 0

    def sending(self, delivery: Delivery) -> None:
        """Nothing is promised yet."""

    def answered(self, delivery: Delivery, answer: Answer) -> None:
        """Write down what was acknowledged."""
        if answer.outcome == "ok":
            self._file.write(json.dumps({"id": answer.inquiry_id, "door": delivery.door}) + "\n")
            self.count += 1

    def close(self) -> None:
        self._file.close()
