"""I6 Order: a conversation stands in the order of acceptance, whatever the order of arrival, and in its sender's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from bench.chaos.checker.dump import Dump
from bench.chaos.checker.history import Event
from bench.chaos.checker.submissions import Submission, submissions
from bench.chaos.checker.violation import Violation


def check(history: Sequence[Event], dump: Dump) -> Iterator[Violation]:
    """What is shown against what was accepted and what was sent; and each key in one partition."""
    accepted = {inquiry.id: inquiry.accepted for inquiry in dump.inquiries}
    for conversation, thread in dump.messages.items():
        order = [accepted[inquiry] for inquiry in thread if inquiry in accepted]
        if order != sorted(order):
            yield Violation("I6", conversation, f"is shown in the order {order} of acceptance")
    yield from _senders(history, dump)
    yield from _partitions(dump)


def _senders(history: Sequence[Event], dump: Dump) -> Iterator[Violation]:
    accepted = {inquiry.sha256: inquiry.accepted for inquiry in dump.inquiries}
    threads: dict[str, list[Submission]] = defaultdict(list)
    for one in submissions(history).values():
        if one.conv is not None and one.sha256 in accepted:
            threads[one.conv].append(one)
    for conv, sent in threads.items():
        for one, other in pairwise(sorted(sent, key=lambda found: found.seq)):
            sure = one.surely_accepted
            if sure is not None and sure < other.first_sent and accepted[one.sha256] > accepted[other.sha256]:
                yield Violation("I6", conv, f"message {other.seq} was accepted before {one.seq}, which came first")


def _partitions(dump: Dump) -> Iterator[Violation]:
    places: dict[tuple[str, str], set[int]] = defaultdict(set)
    for record in dump.records:
        places[record.stream, record.key].add(record.partition)
    for (stream, key), partitions in places.items():
        if len(partitions) > 1:
            yield Violation("I6", key, f"is in partitions {sorted(partitions)} of {stream}")
