"""I8 No ghost progress: what lies before a committed position has had its effect, or is parked, or in quarantine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from bench.chaos.checker.dump import Dump, Record
from bench.chaos.checker.history import Event
from bench.chaos.checker.violation import Violation


def check(history: Sequence[Event], dump: Dump) -> Iterator[Violation]:
    """Each committed position against the records before it."""
    del history  # positions are between the product and its log
    records: dict[tuple[str, int], list[Record]] = defaultdict(list)
    for record in dump.records:
        records[record.stream, record.partition].append(record)
    for one in dump.progress:
        done = dump.effects.get(one.group, frozenset())
        for record in records[one.stream, one.partition]:
            if record.position < one.committed and record.id not in done:
                place = f"{one.stream}/{one.partition}/{record.position}"
                yield Violation("I8", record.id, f"{one.group} is at {one.committed} and has done nothing of {place}")
