"""Whatever happens: never stuck, never double, never over capacity, and memory folded is memory built anew."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from services.router.decide.match import choose
from services.router.decide.relaxation import step_at
from services.router.decide.ruleset import compile_ruleset
from services.router.dispatch.pool import Pool
from services.router.dispatch.term import Term
from shared.clock import ManualClock
from tests.router.dispatch.model import Model, Uncounted

SKILLS = [
    {"language.de": 5, "topic.billing": 3},
    {"language.de": 3},
    {"language.en": 5, "topic.billing": 5},
    {"language.de": 5, "language.en": 4, "topic.billing": 5},
]
REQUIRES = [{"language.de": 1}, {"language.de": 3, "topic.billing": 3}, {"language.en": 1, "topic.billing": 4}, {}]
NAMES = [f"agent-{n}" for n in range(len(SKILLS))]
RULES = [
    compile_ruleset(
        {"format": 1, "queues": {"general": queue}, "rules": [{"id": "r", "then": {"queue": "general"} | then}]}
    )
    for queue, then in [
        ({}, {}),
        ({"requires": {"topic.billing": 4}, "first_response": "20m"}, {"priority": 9, "weight": 40}),
        ({"requires": {"language.en": 2}, "first_response": "2h"}, {}),
    ]
]


class Live:
    """Another rule set with each publication, a few in turn."""

    def __init__(self, model: Model) -> None:
        self.model = model

    async def live(self) -> tuple[int, Any]:
        return self.model.rule_set, RULES[self.model.rule_set % len(RULES)]


def picture(pool: Pool) -> dict[str, Any]:
    """Everything that decides what a pool does next."""
    return {
        "agents": {
            agent.id: (agent.skills, agent.capacity, agent.presence, agent.load, agent.holdings, agent.idle_since)
            for agent in pool.agents.values()
        },
        "views": pool.views,
        "offers": pool.offers,
        "entries": {
            entry.item.id: (entry.item, entry.rule_set, entry.state, entry.pending)
            + ((entry.reason, entry.next_check_at, entry.waits_in) if entry.ready else ())
            for entry in pool.entries.values()
        },
    }


class Machine(RuleBasedStateMachine):
    """Whatever agents, customers, supervisors and crashes do around a dispatcher, and what holds all the while."""

    @initialize()
    def begin(self) -> None:
        self.clock = ManualClock()
        self.model = Model(self.clock)
        self.loop = asyncio.new_event_loop()
        rules = Live(self.model)
        self.term = Term(journal=self.model, clock=self.clock, rulesets=rules, gauges=Uncounted(), rebuild_seconds=0)
        for name, skills in zip(NAMES, SKILLS, strict=True):
            self.model.add_agent(name, skills)
            self.model.presence(name, "available")
        self.rebuild()

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            self.loop.close()

    def rebuild(self) -> None:
        self.pool = self.loop.run_until_complete(self.term.build())

    def settle(self) -> None:
        for _ in range(200):
            acted = self.loop.run_until_complete(self.term.step(self.pool))
            assert not self.pool.needs_rebuild, "memory never goes wrong by itself"
            if not acted and self.pool.position == len(self.model.facts):
                return
        raise AssertionError("the dispatcher never comes to rest")

    @rule(channel=st.sampled_from(["email", "chat", "api", "voicemail"]), requires=st.sampled_from(REQUIRES))
    def arrive(self, channel: str, requires: dict[str, int]) -> None:
        self.model.arrive(channel, requires)

    @rule(name=st.sampled_from(NAMES), state=st.sampled_from(["available", "available", "busy", "away", "offline"]))
    def presence(self, name: str, state: str) -> None:
        self.model.presence(name, state)

    @rule(name=st.sampled_from(NAMES), seconds=st.integers(1, 90))
    def presence_on_lease(self, name: str, seconds: int) -> None:
        self.model.presence(name, "available", seconds)

    @rule(name=st.sampled_from(NAMES), skills=st.sampled_from(SKILLS), capacity=st.sampled_from([0, 40, 100]))
    def change_agent(self, name: str, skills: dict[str, int], capacity: int) -> None:
        self.model.change_agent(name, skills, capacity)

    @precondition(lambda self: self.model.open_offers())
    @rule(data=st.data(), accepts=st.booleans())
    def answer(self, data: st.DataObject, accepts: bool) -> None:
        offer = data.draw(st.sampled_from(self.model.open_offers()))
        (self.model.accept if accepts else self.model.decline)(offer)

    @precondition(lambda self: self.model.open_assignments())
    @rule(data=st.data(), over=st.booleans())
    def complete_or_requeue(self, data: st.DataObject, over: bool) -> None:
        assignment = data.draw(st.sampled_from(self.model.open_assignments()))
        (self.model.complete if over else self.model.requeue)(assignment)

    @precondition(lambda self: self.model.waiting())
    @rule(data=st.data(), name=st.sampled_from(NAMES))
    def supervisor_assigns(self, data: st.DataObject, name: str) -> None:
        self.model.assign(data.draw(st.sampled_from(self.model.waiting()))["id"], name)

    @rule()
    def publish(self) -> None:
        self.model.publish()

    @rule(channel=st.sampled_from(["email", "chat"]), requires=st.sampled_from(REQUIRES))
    def arrive_by_the_rules_of_before(self, channel: str, requires: dict[str, int]) -> None:
        self.model.arrive(channel, requires, late=True)

    @rule(seconds=st.sampled_from([0.5, 1, 29, 30, 61, 400, 1800]))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule()
    def crash_and_rebuild(self) -> None:
        self.rebuild()

    @rule(
        name=st.sampled_from(NAMES),
        what=st.sampled_from(["leaves", "shrinks", "assigned", "publishes"]),
        pick=st.integers(0, 100),
    )
    def somebody_is_faster(self, name: str, what: str, pick: int) -> None:
        """Between the dispatcher's decision and its write."""

        def intrude() -> None:
            waiting = self.model.waiting()
            if what == "leaves":
                self.model.presence(name, "offline")
            elif what == "shrinks":
                self.model.change_agent(name, self.model.agents[name]["skills"], 0)
            elif what == "publishes":
                self.model.publish()
            elif waiting:
                self.model.assign(waiting[pick % len(waiting)]["id"], name)

        self.model.before_write = intrude
        self.settle()
        self.model.before_write = None

    @rule()
    def dispatch(self) -> None:
        self.settle()
        self.nothing_eligible_waits_beside_a_free_agent()
        self.nothing_is_overdue()
        self.everything_waits_by_the_live_rules()
        self.folded_is_built_anew()

    @rule(seconds=st.sampled_from([0, 0, 0, 1, 30, 60]))
    def dispatch_later(self, seconds: int) -> None:
        self.clock.advance(seconds)
        self.dispatch()

    @rule(channel=st.sampled_from(["email", "chat"]), requires=st.sampled_from(REQUIRES))
    def arrive_and_dispatch(self, channel: str, requires: dict[str, int]) -> None:
        self.model.arrive(channel, requires)
        self.dispatch()

    def nothing_eligible_waits_beside_a_free_agent(self) -> None:
        now = self.clock.now()
        for entry in self.pool.entries.values():
            if entry.state == "waiting":
                step = step_at(entry.item, now)
                found = choose(entry.item, self.pool.views.values(), now=now, seed="s", relaxation_step=step)
                assert found.agent_id is None, "an eligible agent is free"

    def nothing_is_overdue(self) -> None:
        now = self.clock.now()
        assert all(offer["expires_at"] > now for offer in self.model.open_offers())
        assert all(now < item["next_check_at"] for item in self.model.waiting())
        for offer in self.model.open_offers():
            assert self.model.agents[offer["agent_id"]]["presence"] in {"available", "busy"}

    def everything_waits_by_the_live_rules(self) -> None:
        assert {item["route"]["rule_set"] for item in self.model.waiting()} <= {self.model.rule_set}
        assert not self.pool.has_outdated

    def folded_is_built_anew(self) -> None:
        anew = self.loop.run_until_complete(self.term.build())
        assert picture(self.pool) == picture(anew)
        assert self.pool.position == anew.position

    @invariant()
    def loads_are_what_is_held(self) -> None:
        for name, agent in getattr(self, "model", Model(ManualClock())).agents.items():
            assert agent["load"] == sum(item["weight"] for item in self.model.held_by(name))

    @invariant()
    def every_waiting_item_has_a_reason_and_a_next_check(self) -> None:
        for item in getattr(self, "model", Model(ManualClock())).waiting():
            assert item["waiting_reason"]
            assert item["next_check_at"] <= self.clock.now() + timedelta(seconds=60)


def test_never_stuck_never_double_never_over_capacity_and_memory_equals_the_tables() -> None:
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=200,
            stateful_step_count=50,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
