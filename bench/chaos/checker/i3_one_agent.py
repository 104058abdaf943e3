"""I3 Single assignment: one agent at a time has an item, and what an agent was told agrees with the facts.

The facts are one order of everything; an answer must fit into it. So no search for an order is needed: each ``ok``
needs its fact, and where one operation was answered before another was asked, their facts stand in that order too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.chaos.checker.dump import Dump
from bench.chaos.checker.history import AgentOp, Event
from bench.chaos.checker.violation import Violation

_FACT = {"accept": "offer.accepted", "decline": "offer.declined", "complete": "assignment.ended"}


def check(history: Sequence[Event], dump: Dump) -> Iterator[Violation]:
    """The facts, the tables and the answers."""
    yield from _in_facts(dump)
    yield from _in_tables(dump)
    yield from _in_answers([event for event in history if isinstance(event, AgentOp)], dump)


def _in_facts(dump: Dump) -> Iterator[Violation]:
    held: dict[str, str] = {}
    for fact in dump.facts:
        item = fact.data.get("work_item_id", "")
        if fact.type == "assignment.started":
            if item in held:
                words = f"given to {fact.data['agent_id']} at {fact.pos} while {held[item]} has it"
                yield Violation("I3", item, words)
            held[item] = fact.data["agent_id"]
        elif fact.type == "assignment.ended" and held.pop(item, None) != fact.data["agent_id"]:
            yield Violation("I3", item, f"{fact.data['agent_id']} ended at {fact.pos} what they did not have")


def _in_tables(dump: Dump) -> Iterator[Violation]:
    """What is open; what has ended is judged by the facts alone, since replicas' clocks are some milliseconds apart."""
    open_assignments: dict[str, list[str]] = defaultdict(list)
    for one in dump.assignments:
        if one.ended_at is None:
            open_assignments[one.work_item].append(one.agent)
    for item, agents in open_assignments.items():
        if len(agents) > 1:
            yield Violation("I3", item, f"in the hands of {' and '.join(sorted(agents))} at once")
    open_offers: dict[str, list[str]] = defaultdict(list)
    for offer in dump.offers:
        if offer.state == "open":
            open_offers[offer.work_item].append(offer.agent)
    for item, agents in open_offers.items():
        if len(agents) > 1:
            yield Violation("I3", item, f"on offer to {len(agents)} agents")


@dataclass(slots=True)
class _Effect:
    """What several tries of one operation came to: asked first then, answered then, at this place in the facts."""

    asked: float
    answered: float
    pos: int


def _in_answers(operations: Sequence[AgentOp], dump: Dump) -> Iterator[Violation]:
    effects: dict[str, list[_Effect]] = defaultdict(list)
    places = _places(dump)
    tries: dict[tuple[str, str, str], list[AgentOp]] = defaultdict(list)
    for operation in operations:
        tries[operation.op, operation.target, operation.agent].append(operation)
    for (op, target, agent), same in tries.items():
        answers = [one.mono for one in same if one.outcome == "ok"]
        pos = places.get((_FACT[op], target, agent))
        if answers and pos is None:
            yield Violation("I3", target, f"{op} answered ok to {agent}, and no fact says so")
        elif answers and pos is not None:
            effects[same[0].work_item].append(_Effect(min(one.invoked for one in same), min(answers), pos))
        elif pos is not None and all(one.outcome == "fail" for one in same):
            yield Violation("I3", target, f"{op} refused to {agent}, and fact {pos} says it was done")
    for item, found in effects.items():
        yield from _out_of_order(item, found)


def _places(dump: Dump) -> dict[tuple[str, str, str], int]:
    """The first fact by its type, its offer or item, and its agent."""
    places: dict[tuple[str, str, str], int] = {}
    for fact in dump.facts:
        if fact.type == "assignment.ended" and fact.data.get("reason", "completed") != "completed":
            continue  # a supervisor took it out of the agent's hands
        if fact.type in _FACT.values():
            target = fact.data["work_item_id" if fact.type == "assignment.ended" else "offer_id"]
            places.setdefault((fact.type, target, fact.data["agent_id"]), fact.pos)
    return places


def _out_of_order(item: str, found: list[_Effect]) -> Iterator[Violation]:
    for one in found:
        for other in found:
            if one.answered < other.asked and one.pos > other.pos:
                yield Violation("I3", item, f"fact {one.pos} was answered before {other.pos} was asked for")
