"""I4 Capacity: nobody gets work beyond their capacity, while away, or without the skills that are asked for."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.chaos.checker.dump import Dump, Fact
from bench.chaos.checker.history import Event
from bench.chaos.checker.violation import Violation

_TAKES = frozenset({"offer.made", "assignment.started"})
_GIVES = frozenset({"offer.accepted", "offer.declined", "offer.lapsed", "offer.withdrawn", "assignment.ended"})


def check(history: Sequence[Event], dump: Dump) -> Iterator[Violation]:
    """The facts in their order, then what they add up to."""
    del history  # an answer says nothing of load
    yield from _Desks(dump).walk()
    held: Counter[str] = Counter()
    for offer in dump.offers:
        held[offer.agent] += offer.weight if offer.state == "open" else 0
    for assignment in dump.assignments:
        held[assignment.agent] += assignment.weight if assignment.ended_at is None else 0
    for agent in dump.agents:
        if agent.load != held[agent.id]:
            yield Violation("I4", agent.id, f"is counted {agent.load} and holds {held[agent.id]}")


class _Desks:
    """What every agent holds, fact by fact."""

    def __init__(self, dump: Dump) -> None:
        self._facts = dump.facts
        self._capacity = {agent.id: agent.capacity for agent in dump.agents}
        self._skills = {agent.id: agent.skills for agent in dump.agents}
        self._steps = {offer.id: offer.step for offer in dump.offers}
        self._load: Counter[str] = Counter()
        self._presence: dict[str, str] = {}
        self._requires: dict[str, Mapping[str, int]] = defaultdict(dict)

    def walk(self) -> Iterator[Violation]:
        for fact in self._facts:
            data = fact.data
            if fact.type == "inquiry.waiting":
                self._requires[data["work_item_id"]] = data.get("requires") or {}
            elif fact.type in {"presence.changed", "agent.changed"}:
                self._change(data)
            elif fact.type in _GIVES:
                self._load[data["agent_id"]] -= data["weight"]
            elif fact.type in _TAKES:
                self._load[data["agent_id"]] += data["weight"]
                yield from self._too_much(fact)
                if fact.type == "offer.made":
                    yield from self._unfit(fact)

    def _change(self, data: Mapping[str, Any]) -> None:
        agent = data["agent_id"]
        self._capacity[agent] = data.get("capacity", self._capacity.get(agent, 0))
        self._skills[agent] = data.get("skills", self._skills.get(agent, {}))
        self._presence[agent] = data.get("state", self._presence.get(agent, "available"))

    def _too_much(self, fact: Fact) -> Iterator[Violation]:
        agent = fact.data["agent_id"]
        if self._load[agent] > self._capacity.get(agent, 0):
            words = f"holds {self._load[agent]} of {self._capacity.get(agent, 0)} after {fact.pos}"
            yield Violation("I4", agent, words)

    def _unfit(self, fact: Fact) -> Iterator[Violation]:
        agent, offer = fact.data["agent_id"], fact.data["offer_id"]
        if self._presence.get(agent, "available") != "available":
            yield Violation("I4", agent, f"was offered work at {fact.pos} while {self._presence[agent]}")
        strict = self._steps.get(offer, 0) == 0
        for skill, level in self._requires[fact.data["work_item_id"]].items():
            if (strict or skill.startswith("language.")) and self._skills.get(agent, {}).get(skill, 0) < level:
                yield Violation("I4", agent, f"was offered work at {fact.pos} without {skill} {level}")
