"""What senders handed in and were told of it, by key and bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bench.chaos.checker.history import Event, Submit, SubmitResult


@dataclass(slots=True)
class Submission:
    """One key with one body, however often it was handed in. Without an answer to each, it may have happened."""

    key: str
    sha256: str
    conv: str | None
    seq: int
    first_sent: float
    sent: int = 0
    results: list[SubmitResult] = field(default_factory=list)

    @property
    def must(self) -> bool:
        """Somebody was told that it is kept."""
        return any(result.outcome == "ok" for result in self.results)

    @property
    def must_not(self) -> bool:
        """Everybody was told that it is not kept."""
        return len(self.results) == self.sent and all(result.outcome == "fail" for result in self.results)

    @property
    def ids(self) -> set[str]:
        """The ids that were told."""
        return {result.id for result in self.results if result.outcome == "ok" and result.id}

    @property
    def surely_accepted(self) -> float | None:
        """When at the latest it was accepted."""
        return min((result.mono for result in self.results if result.outcome == "ok"), default=None)


def submissions(history: Iterable[Event]) -> Mapping[tuple[str, str], Submission]:
    """All of them by (key, sha256), in the order in which they were first sent."""
    found: dict[tuple[str, str], Submission] = {}
    for event in history:
        if isinstance(event, Submit):
            new = Submission(event.key, event.sha256, event.conv, event.seq, event.mono)
            found.setdefault((event.key, event.sha256), new).sent += 1
        elif isinstance(event, SubmitResult):
            found[event.key, event.sha256].results.append(event)
    return found
