"""I2 No invention, no doubling: nothing without a submission, one inquiry a key, one id however often it is told."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from bench.chaos.checker.dump import Dump
from bench.chaos.checker.history import Event
from bench.chaos.checker.submissions import submissions
from bench.chaos.checker.violation import Violation


def check(history: Sequence[Event], dump: Dump) -> Iterator[Violation]:
    """Each thing kept against who sent it."""
    keys = {sha256: key for key, sha256 in submissions(history)}
    held: dict[str, list[str]] = defaultdict(list)
    for inquiry in dump.inquiries:
        if inquiry.sha256 not in keys:
            yield Violation("I2", inquiry.id, "nobody sent it")
        else:
            held[keys[inquiry.sha256]].append(inquiry.id)
    for key, ids in held.items():
        if len(ids) > 1:
            yield Violation("I2", key, f"is there {len(ids)} times: {', '.join(sorted(ids))}")
    yield from _told_differently(history)
    yield from _worked_twice(dump)


def _told_differently(history: Sequence[Event]) -> Iterator[Violation]:
    told: dict[str, set[str]] = defaultdict(set)
    bodies: dict[str, set[str]] = defaultdict(set)
    for (key, sha256), submission in submissions(history).items():
        told[key] |= submission.ids
        if submission.must:
            bodies[key].add(sha256)
    for key, ids in told.items():
        if len(ids) > 1:
            yield Violation("I2", key, f"was told under {len(ids)} ids")
        if len(bodies[key]) > 1:
            yield Violation("I2", key, "was acknowledged with two different bodies")


def _worked_twice(dump: Dump) -> Iterator[Violation]:
    opened = Counter(item.inquiry for item in dump.work_items)
    for inquiry, times in opened.items():
        if times > 1:
            yield Violation("I2", inquiry, f"opened {times} work items")
    shown = Counter(inquiry for thread in dump.messages.values() for inquiry in thread)
    for inquiry, times in shown.items():
        if times > 1:
            yield Violation("I2", inquiry, f"stands in conversations {times} times")
