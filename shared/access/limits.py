"""The refusal that time lifts: too fast, too often, or still running."""

from __future__ import annotations

from shared.errors import Refused


class RefusedForNow(Refused):
    """Refused, but the same call may be granted after ``retry_after`` seconds."""

    def __init__(self, code: str, detail: str = "", *, retry_after: float) -> None:
        super().__init__(code, detail)
        self.retry_after = retry_after
