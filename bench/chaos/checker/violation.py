"""What a check finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken promise: which invariant, of what (an id, a key), and the evidence in words."""

    invariant: str
    subject: str
    words: str

    def __str__(self) -> str:
        return f"{self.invariant} {self.subject}: {self.words}"
