"""I7 Telling: each committed fact reaches the stream and the live feed at least once, under one id that is its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from bench.chaos.checker.dump import Dump
from bench.chaos.checker.history import Event, Told
from bench.chaos.checker.violation import Violation

STREAM = "routing.events"
FEED = frozenset(
    f"{noun}.{verb}"
    for noun, verbs in {
        "inquiry": ("received", "classified", "waiting", "closed"),
        "offer": ("made", "accepted", "declined", "lapsed", "withdrawn"),
        "assignment": ("started", "ended"),
        "presence": ("changed",),
        "ruleset": ("published",),
    }.items()
    for verb in verbs
)
"""What the contract says that the feed tells."""


def check(history: Sequence[Event], dump: Dump) -> Iterator[Violation]:
    """The stream against the facts, the feed against the facts, and their ids against each other."""
    told = [event for event in history if isinstance(event, Told)]
    yield from _ids(told, dump)
    yield from _not_told(told, dump)
    yield from _backwards(told)


def _ids(told: Sequence[Told], dump: Dump) -> Iterator[Violation]:
    facts = {fact.pos: fact for fact in dump.facts}
    seen = [(record.sequence, record.id, record.type, record.subject) for record in dump.records if record.sequence]
    seen += [(event.sequence, event.id, event.type, event.subject) for event in told]
    ids: dict[int, set[str]] = defaultdict(set)
    sequences: dict[str, set[int]] = defaultdict(set)
    for sequence, event_id, kind, subject in seen:
        ids[sequence].add(event_id)
        sequences[event_id].add(sequence)
        fact = facts.get(sequence)
        if fact is None or (fact.type, fact.subject) != (kind, subject):
            yield Violation("I7", event_id, f"{kind} was told as {sequence}, which was never committed so")
    for sequence, names in ids.items():
        if len(names) > 1:
            yield Violation("I7", str(sequence), f"was told under {len(names)} ids")
    for event_id, places in sequences.items():
        if len(places) > 1:
            yield Violation("I7", event_id, f"is the id of {len(places)} facts")


def _not_told(told: Sequence[Told], dump: Dump) -> Iterator[Violation]:
    on_stream = {record.sequence for record in dump.records if record.stream == STREAM}
    on_feed = {event.sequence for event in told}
    since = min(on_feed, default=None)
    for fact in dump.facts:
        if dump.wiped_at < fact.pos <= dump.published and fact.pos not in on_stream:
            yield Violation("I7", str(fact.pos), f"{fact.type} counts as published, and is not on the stream")
        if since is not None and fact.pos > since and fact.type in FEED and fact.pos not in on_feed:
            yield Violation("I7", str(fact.pos), f"{fact.type} was not told on the feed")


def _backwards(told: Sequence[Told]) -> Iterator[Violation]:
    seen: set[int] = set()
    last = 0
    for event in told:
        if event.sequence < last and event.sequence not in seen:
            yield Violation("I7", str(event.sequence), f"was told for the first time after {last}")
        seen.add(event.sequence)
        last = max(last, event.sequence)
