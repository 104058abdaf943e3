"""I14 Liveness, after a calm of a minute: nothing is stuck, and whoever waits has a reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from bench.chaos.checker.dump import Agent, Dump, WorkItem
from bench.chaos.checker.history import Event
from bench.chaos.checker.violation import Violation

STUCK_SECONDS = 60.0
BESIDE_SECONDS = 5.0


def check(history: Sequence[Event], dump: Dump) -> Iterator[Violation]:
    """Inquiries, parked records, waiting work, offers, positions, the outbox."""
    del history  # how it came there does not matter
    for inquiry in dump.inquiries:
        if inquiry.state in {"received", "classified"} and dump.at - inquiry.since > STUCK_SECONDS:
            yield Violation("I14", inquiry.id, f"{inquiry.state} for {dump.at - inquiry.since:.0f} s")
    for key, due in dump.parked.items():
        if dump.at - due > STUCK_SECONDS:
            yield Violation("I14", key, f"parked, and was due {dump.at - due:.0f} s ago")
    for item in dump.work_items:
        if item.state == "waiting":
            yield from _waits(item, dump)
    for offer in dump.offers:
        if offer.state == "open" and dump.at - offer.expires_at > BESIDE_SECONDS:
            yield Violation("I14", offer.id, f"open {dump.at - offer.expires_at:.0f} s past its end")
    yield from _behind(dump)


def _waits(item: WorkItem, dump: Dump) -> Iterator[Violation]:
    if not item.waiting_reason or item.next_check_at is None:
        yield Violation("I14", item.id, "waits without a reason or a next check")
    elif dump.at - item.next_check_at > BESIDE_SECONDS:
        yield Violation("I14", item.id, f"should have been looked at {dump.at - item.next_check_at:.0f} s ago")
    if dump.at - item.waiting_since > BESIDE_SECONDS:
        beside = [agent.id for agent in dump.agents if _could(agent, item, dump.at)]
        if beside:
            yield Violation("I14", item.id, f"waits beside {beside[0]}, who has nothing to do")


def _could(agent: Agent, item: WorkItem, at: float) -> bool:
    """Surely: available and empty for a while, with every skill, and never asked before."""
    idle = agent.presence == "available" and agent.load == 0 and at - agent.idle_since > BESIDE_SECONDS
    able = all(agent.skills.get(skill, 0) >= level for skill, level in item.requires.items())
    return idle and able and item.weight <= agent.capacity and agent.id not in item.refused_by


def _behind(dump: Dump) -> Iterator[Violation]:
    ends: Counter[tuple[str, int]] = Counter()
    for record in dump.records:
        place = record.stream, record.partition
        ends[place] = max(ends[place], record.position + 1)
    for one in dump.progress:
        lag = ends[one.stream, one.partition] - one.committed
        if lag > 0:
            yield Violation("I14", one.group, f"{lag} records behind in {one.stream}/{one.partition}")
    head = dump.facts[-1].pos if dump.facts else 0
    if dump.published < head:
        yield Violation("I14", "outbox", f"{head - dump.published} facts not published")
