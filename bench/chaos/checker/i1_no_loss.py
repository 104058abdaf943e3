"""I1 No loss: what was acknowledged is there, once, with its bytes and under its id; what was refused is not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from bench.chaos.checker.dump import Dump, Inquiry
from bench.chaos.checker.history import Event
from bench.chaos.checker.submissions import Submission, submissions
from bench.chaos.checker.violation import Violation

LIVE = frozenset({"received", "classified", "waiting", "offered", "assigned", "paused"})
TERMINAL = frozenset({"completed", "closed", "quarantined", "erased"})


def check(history: Sequence[Event], dump: Dump) -> Iterator[Violation]:
    """Each promise against what is kept."""
    kept: dict[str, list[Inquiry]] = defaultdict(list)
    for inquiry in dump.inquiries:
        kept[inquiry.sha256].append(inquiry)
    for submission in submissions(history).values():
        yield from _broken(submission, kept[submission.sha256])


def _broken(submission: Submission, kept: list[Inquiry]) -> Iterator[Violation]:
    if submission.must and not kept:
        told = ", ".join(sorted(submission.ids))
        yield Violation("I1", submission.key, f"acknowledged as {told} and not there, or not with these bytes")
    if submission.must_not and kept:
        yield Violation("I1", submission.key, f"refused, and there as {kept[0].id}")
    for inquiry in kept:
        if submission.ids - {inquiry.id}:
            yield Violation("I1", submission.key, f"told as {sorted(submission.ids)}, and there as {inquiry.id}")
        if inquiry.state not in LIVE | TERMINAL:
            yield Violation("I1", inquiry.id, f"in no state that there is: {inquiry.state}")
