"""I5 Audit: the facts of an item, replayed from nothing, give its state; one fact a change, none missing, none twice."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from bench.chaos.checker.dump import Dump, Fact, WorkItem
from bench.chaos.checker.history import Event
from bench.chaos.checker.violation import Violation

_AFTER = {"inquiry.waiting": "waiting", "offer.made": "offered", "assignment.started": "assigned"}
_STEPS = {
    "": {"waiting"},
    "waiting": {"waiting", "offered", "assigned", "completed", "closed"},
    "offered": {"waiting", "assigned", "completed", "closed"},
    "assigned": {"waiting", "offered", "assigned", "paused", "completed", "closed"},
    "paused": {"waiting", "assigned", "completed", "closed"},
}
_ONCE = frozenset({"inquiry.received", "inquiry.classified", "inquiry.closed"})


def check(history: Sequence[Event], dump: Dump) -> Iterator[Violation]:
    """The table of facts by itself, then item by item, then inquiry by inquiry."""
    del history  # what was told is I7's
    yield from _gaps(dump.facts)
    by_item: dict[str, list[Fact]] = defaultdict(list)
    for fact in dump.facts:
        by_item[fact.data.get("work_item_id") or ""].append(fact)
    for item in dump.work_items:
        yield from _replayed(item, by_item[item.id])
    for unknown in by_item.keys() - {item.id for item in dump.work_items} - {""}:
        yield Violation("I5", unknown, "is in the facts and not in the tables")
    yield from _once(dump)


def _gaps(facts: Sequence[Fact]) -> Iterator[Violation]:
    for expected, fact in enumerate(facts, facts[0].pos if facts else 0):
        if fact.pos != expected:
            yield Violation("I5", str(expected), f"fact {fact.pos} stands where {expected} should")
            return
    for fact in facts:
        if not fact.actor or not fact.at:
            yield Violation("I5", str(fact.pos), "says not who or when")


def _replayed(item: WorkItem, facts: Sequence[Fact]) -> Iterator[Violation]:
    state, version, unseen = "", 0, 0
    seen: set[tuple[str, int]] = set()
    for fact in facts:
        after = fact.data.get("state") if fact.type == "assignment.ended" else _AFTER.get(fact.type)
        found = fact.data.get("version")
        if fact.type == "message.added" and fact.data.get("from") == "agent":
            unseen = 1  # the first answer changes the item, and its fact is the message's
        if found is None:
            continue
        if (fact.type, found) in seen:
            yield Violation("I5", item.id, f"version {found} was made twice, again at {fact.pos}")
        if found > version + 1 + unseen:
            yield Violation("I5", item.id, f"no fact between version {version} and {found} at {fact.pos}")
        if after and after not in _STEPS.get(state, set()):
            yield Violation("I5", item.id, f"went from {state or 'nothing'} to {after} at {fact.pos}")
        seen.add((fact.type, found))
        state, version = after or state, max(version, found)
    if state != item.state or not 0 <= item.version - version <= unseen:
        yield Violation("I5", item.id, f"is {item.state} {item.version}, its facts say {state} {version}")


def _once(dump: Dump) -> Iterator[Violation]:
    times = Counter((fact.type, fact.subject) for fact in dump.facts if fact.type in _ONCE)
    for (kind, subject), count in times.items():
        if count > 1:
            yield Violation("I5", subject, f"{count} facts {kind}")
    for inquiry in dump.inquiries:
        if inquiry.state in {"received", "quarantined", "erased"}:
            continue
        for kind in ("inquiry.received", "inquiry.classified"):
            if not times[kind, inquiry.id]:
                yield Violation("I5", inquiry.id, f"is {inquiry.state}, and no fact {kind}")
