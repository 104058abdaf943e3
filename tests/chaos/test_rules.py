"""Each rule of the checker has been seen failing: one thing is wrong in a clean run, and it is called by its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from bench.chaos.checker import CHECKS, Dump, Event, check
from bench.chaos.checker.dump import Agent, Assignment, Inquiry, Offer, Progress, WorkItem
from bench.chaos.checker.history import AgentOp, Submit, SubmitResult, Told
from tests.chaos.reference import Reference

Run = tuple[list[Event], Dump]
HISTORY, DUMP = Reference(5).run()
FIRST, LAST = DUMP.inquiries[0], DUMP.inquiries[-1]
ITEM = DUMP.work_items[0]
ACCEPT = next(e for e in HISTORY if isinstance(e, AgentOp) and e.op == "accept" and e.outcome == "ok")
KEY = next(e for e in HISTORY if isinstance(e, SubmitResult) and e.outcome == "ok")
TOLD = next(e for e in HISTORY if isinstance(e, Told))
FREE = Agent(id="zoe", capacity=5, load=0, presence="available", skills={"language.de": 3}, idle_since=DUMP.at - 50)
WAITING = WorkItem(
    id="new", inquiry="new", conversation="c", state="waiting", version=1, weight=1, waiting_since=DUMP.at - 20,
    waiting_reason="all_full", next_check_at=DUMP.at + 5, requires={"language.de": 3},
)  # fmt: skip
OPEN = Offer(id="o", work_item="new", agent="ann", weight=1, state="open", expires_at=DUMP.at + 5)
HELD = Assignment(id="a", work_item="new", agent="ann", weight=1, since=1.0)


def dump(**changes: Any) -> Run:
    return HISTORY, replace(DUMP, **changes)


def inquiries(*changed: Inquiry) -> Run:
    kept = {one.id: one for one in DUMP.inquiries} | {one.id: one for one in changed}
    return dump(inquiries=list(kept.values()))


def facts(pos: int, **changes: Any) -> Run:
    return dump(facts=[replace(fact, **changes) if fact.pos == pos else fact for fact in DUMP.facts])


def first(kind: str) -> int:
    return next(fact.pos for fact in DUMP.facts if fact.type == kind)


def data(kind: str, **changes: Any) -> Run:
    pos = first(kind)
    return facts(pos, data=dict(DUMP.facts[pos - 1].data) | changes)


def again(kind: str) -> Run:
    place = first(kind)
    return dump(facts=[*DUMP.facts[:place], DUMP.facts[place - 1], *DUMP.facts[place:]])


def refused(kind: type[SubmitResult | AgentOp]) -> Run:
    return [replace(event, outcome="fail") if isinstance(event, kind) else event for event in HISTORY], DUMP


def more(*events: Event) -> Run:
    return [*HISTORY, *events], DUMP


def without(sha256: str) -> Sequence[Inquiry]:
    return [one for one in DUMP.inquiries if one.sha256 != sha256]


def moved() -> Run:
    told = [replace(e, sequence=e.sequence + 10_000) if e is TOLD else e for e in HISTORY]
    return told, DUMP


def progress(**changes: Any) -> Run:
    return dump(progress=[replace(DUMP.progress[0], **changes), *DUMP.progress[1:]])


def presence() -> Run:
    away = {"agent_id": "ann", "state": "away", "capacity": 1, "version": None}
    start = [replace(DUMP.facts[0], type="presence.changed", subject="ann", data=away, pos=0)]
    return dump(facts=[*start, *DUMP.facts])


CASES: list[tuple[str, str, Callable[[], Run]]] = [
    ("I1", "and not there", lambda: dump(inquiries=without(KEY.sha256))),
    ("I1", "refused, and there", lambda: refused(SubmitResult)),
    ("I1", "told as", lambda: inquiries(replace(FIRST, id="other"))),
    ("I1", "in no state", lambda: inquiries(replace(FIRST, state="lost"))),
    ("I2", "nobody sent it", lambda: inquiries(replace(FIRST, id="invented", sha256="of nothing"))),
    ("I2", "is there 2 times", lambda: inquiries(replace(FIRST, id="twin"))),
    ("I2", "was told under 2 ids", lambda: more(replace(KEY, id="another"))),
    ("I2", "two different bodies", lambda: more(
        Submit(key=KEY.key, channel="api", sha256="b"), replace(KEY, sha256="b"))),
    ("I2", "opened 2 work items", lambda: dump(work_items=[*DUMP.work_items, replace(ITEM, id="twin")])),
    ("I2", "stands in conversations 2", lambda: dump(messages={**DUMP.messages, "c": [FIRST.id]})),
    ("I3", "while", lambda: again("assignment.started")),
    ("I3", "did not have", lambda: data("assignment.ended", agent_id="zoe")),
    ("I3", "at once", lambda: dump(assignments=[replace(DUMP.assignments[0], id=agent, agent=agent, ended_at=None) for agent in "yz"])),
    ("I3", "on offer to 2", lambda: dump(offers=[*DUMP.offers, OPEN, replace(OPEN, id="p", agent="bob")])),
    ("I3", "no fact says so", lambda: more(replace(ACCEPT, target="never made"))),
    ("I3", "refused to", lambda: refused(AgentOp)),
    ("I4", "is counted 7", lambda: dump(agents=[replace(DUMP.agents[0], load=7), *DUMP.agents[1:]])),
    ("I4", "holds 9 of 1", lambda: data("offer.made", weight=9)),
    ("I4", "while away", presence),
    ("I4", "without language.de 3", lambda: data("inquiry.waiting", requires={"language.de": 3})),
    ("I5", "where", lambda: dump(facts=[fact for fact in DUMP.facts if fact.pos != 4])),
    ("I5", "not who or when", lambda: facts(3, actor=None)),
    ("I5", "was made twice", lambda: again("offer.made")),
    ("I5", "no fact between", lambda: data("offer.made", version=50)),
    ("I5", "went from", lambda: facts(first("inquiry.waiting"), type="offer.made")),
    ("I5", "its facts say", lambda: dump(work_items=[replace(ITEM, state="waiting"), *DUMP.work_items[1:]])),
    ("I5", "not in the tables", lambda: dump(work_items=DUMP.work_items[1:])),
    ("I5", "2 facts", lambda: again("inquiry.received")),
    ("I5", "and no fact", lambda: facts(first("inquiry.classified"), subject="other")),
    ("I6", "is shown in the order", lambda: dump(messages={c: list(reversed(m)) for c, m in DUMP.messages.items()})),
    ("I6", "which came first", lambda: dump(
        messages={}, inquiries=[replace(one, accepted=-one.accepted) for one in DUMP.inquiries])),
    ("I6", "is in partitions", lambda: dump(records=[replace(DUMP.records[0], partition=9), *DUMP.records[1:]])),
    ("I7", "never committed so", moved),
    ("I7", "under 2 ids", lambda: more(replace(TOLD, id="other"))),
    ("I7", "is the id of 2 facts", lambda: more(replace(TOLD, sequence=TOLD.sequence + 1))),
    ("I7", "not on the stream", lambda: dump(records=[r for r in DUMP.records if r.sequence != 3])),
    ("I7", "not told on the feed", lambda: ([e for e in HISTORY if getattr(e, "sequence", 0) != 3], DUMP)),
    ("I7", "first time after", lambda: ([*(e for e in HISTORY if e is not TOLD), TOLD], DUMP)),
    ("I8", "has done nothing", lambda: dump(effects={})),
    ("I14", "received for", lambda: inquiries(replace(FIRST, state="received", since=DUMP.at - 61))),
    ("I14", "parked, and was due", lambda: dump(parked={"key": DUMP.at - 61})),
    ("I14", "without a reason", lambda: dump(work_items=[replace(WAITING, waiting_reason=None)])),
    ("I14", "should have been looked at", lambda: dump(work_items=[replace(WAITING, next_check_at=DUMP.at - 6)])),
    ("I14", "waits beside zoe", lambda: dump(work_items=[WAITING], agents=[FREE])),
    ("I14", "past its end", lambda: dump(offers=[replace(OPEN, expires_at=DUMP.at - 6)])),
    ("I14", "records behind", lambda: progress(committed=0)),
    ("I14", "facts not published", lambda: dump(published=3)),
]  # fmt: skip


def test_the_run_that_is_tampered_with_is_clean() -> None:
    assert check(HISTORY, DUMP) == []
    assert {invariant for invariant, _, _ in CASES} == set(CHECKS)


@pytest.mark.parametrize(("invariant", "words", "tampered"), CASES, ids=[f"{i} {w}" for i, w, _ in CASES])
def test_one_thing_wrong_is_called_by_its_name(invariant: str, words: str, tampered: Callable[[], Run]) -> None:
    found = check(*tampered(), only=[invariant])
    assert any(words in one.words for one in found), [str(one) for one in found]


@pytest.mark.parametrize(
    "agent",
    [
        replace(FREE, presence="away"), replace(FREE, load=1), replace(FREE, idle_since=DUMP.at - 1),
        replace(FREE, skills={"language.de": 2}), replace(FREE, capacity=0),
    ],
    ids=["away", "busy", "just free", "unskilled", "without room"],
)  # fmt: skip
def test_an_item_beside_an_agent_who_may_not_be_able_is_no_fault(agent: Agent) -> None:
    assert check(*dump(work_items=[WAITING], agents=[agent]), only=["I14"]) == []


def test_what_may_have_happened_is_never_held_against_anybody() -> None:
    unsure = [replace(e, outcome="info", id=None) if isinstance(e, SubmitResult) else e for e in HISTORY]
    assert check(unsure, DUMP, only=["I1", "I2", "I6"]) == []
    nothing = Dump(at=DUMP.at)
    assert check(unsure, nothing, only=["I1", "I2", "I6"]) == []
    assert check([e for e in HISTORY if not isinstance(e, SubmitResult)], nothing, only=["I1", "I2"]) == []


def test_work_that_is_held_counts_against_its_agent() -> None:
    busy = [replace(one, load=1) if one.id == "ann" else one for one in DUMP.agents]
    assert check(*dump(offers=[*DUMP.offers, OPEN], agents=busy), only=["I4"]) == []
    assert check(*dump(assignments=[*DUMP.assignments, HELD], agents=busy), only=["I4"]) == []


def test_a_group_that_is_exactly_at_the_end_is_not_behind() -> None:
    place = DUMP.progress[0]
    end = max(r.position for r in DUMP.records if (r.stream, r.partition) == (place.stream, place.partition)) + 1
    assert place == Progress(group=place.group, stream=place.stream, partition=place.partition, committed=end)
    assert check(*progress(committed=end), only=["I14"]) == []
    assert check(*progress(committed=end - 1), only=["I14"]) != []


def test_clocks_of_two_replicas_that_differ_are_no_fault() -> None:
    """Work moved on within milliseconds: the later assignment may bear the earlier time."""
    first = DUMP.assignments[0]
    moved_on = replace(first, id="b", agent="z", since=first.since - 0.003)
    assert check(*dump(assignments=[*DUMP.assignments, moved_on]), only=["I3"]) == []
