"""One run: a seed, a storm, a calm, and what the checker says of it."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from unittest.mock import patch

import structlog

from bench.chaos.checker import Dump, Event, Violation, check
from bench.chaos.checker.history import to_line
from bench.simulator.cluster import Cluster
from bench.simulator.company import AGENTS, RULES, Topics, messages
from bench.simulator.dice import Dice, Rates
from bench.simulator.look import look, progress
from bench.simulator.loop import VirtualLoop
from bench.simulator.people import Agent, Customer, People, Supervisor, Watcher
from bench.simulator.process import Process, made_by
from bench.simulator.stages import Doors, classify, ingest, route
from bench.simulator.world import World
from services.ingest import relay
from services.router import outbox, replies
from services.router.agents import ensure_agent
from services.router.dispatch import term
from services.router.live import feed
from services.router.rulesets import RuleSetStore, parse
from shared import retries

STORM_SECONDS = 40.0
CALM_SECONDS = 62.0
QUIET_SECONDS = 5.0
"""Before the last look, in which nobody does anything more, so that the last record can be read."""
_POLLS: tuple[tuple[Any, str], ...] = (
    (relay, "_POLL_SECONDS"),
    (replies, "_POLL_SECONDS"),
    (outbox, "_POLL_SECONDS"),
    (feed, "_POLL_SECONDS"),
    (term, "POLL_SECONDS"),
    (retries, "_LOOK_SECONDS"),
)
_CALM_POLL_SECONDS = 2.0
"""How often a stage looks in the calm, when nothing is left but to wait and see."""
_EXPECTED = frozenset({"worker.parked", "worker.quarantined"})
"""Errors in the log that poison is meant to cause."""


@dataclass(slots=True)
class Outcome:
    """What came of a seed. ``mistakes`` are errors that a loop of the product did not expect."""

    seed: int
    violations: list[Violation]
    mistakes: list[str]
    fell: Counter[str]
    turns: int
    digest: str
    dump: Dump
    history: list[Event] = field(repr=False)

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong."""
        return not self.violations and not self.mistakes


def run(seed: int, cluster: Cluster, *, rates: Rates | None = None, sabotage: str = "") -> Outcome:
    """Run ``seed``, in a database that the statements of ``sabotage`` have robbed of its guards."""
    with cluster.database(sabotage) as url, _mistakes() as mistakes:
        loop = VirtualLoop(cluster.overseer)
        loop.set_task_factory(made_by)
        before = random.getstate()
        random.seed(seed)  # the product spreads its retries by chance
        try:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                world = World(url, loop=loop, overseer=cluster.overseer, dice=Dice(seed, rates or Rates()))
                simulation = Simulation(world)
                runner.run(simulation.run())
        finally:
            random.setstate(before)
    return simulation.outcome(seed, mistakes)


class Simulation:
    """Everybody in one world, from the first message to the last look."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._doors = Doors({}, {}, {})
        self._people = People(world, self._doors)
        self._ghosts: list[Violation] = []
        self._dump = Dump(at=0)
        self._watching: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """A storm, then a calm."""
        world = self._world
        with world.inside():
            agents = await self._open()
            world.crashed = self._look_for_ghosts
            self._start()
            people = asyncio.gather(*self._everybody(agents))
            await asyncio.sleep(STORM_SECONDS)
            world.calm()
            with ExitStack() as slower:
                for module, name in _POLLS:
                    slower.enter_context(patch.object(module, name, _CALM_POLL_SECONDS))
                await asyncio.sleep(CALM_SECONDS)
            if people.done():  # somebody has given up
                people.result()
            self._dump = await look(world)
            await self._end(people)

    def outcome(self, seed: int, mistakes: list[str]) -> Outcome:
        """What the checker says."""
        history = self._people.history
        found = check(history, self._dump) + self._ghosts
        lines = [to_line(event) for event in history]
        lines += [repr(fact) for fact in self._dump.facts] + [repr(crash) for crash in self._world.crashes]
        return Outcome(
            seed=seed,
            violations=found,
            mistakes=mistakes,
            fell=self._world.dice.fell,
            turns=sum(process.turns for process in self._world.processes),
            digest=hashlib.sha256("\n".join(lines).encode()).hexdigest(),
            dump=self._dump,
            history=history,
        )

    async def _open(self) -> list[Any]:
        world = self._world
        world.dice.calm = True
        setup = world.process("setup", lambda _: asyncio.sleep(0))
        setup.dead = False
        pool = world.pool(setup)
        rulesets = RuleSetStore(pool)
        document, _ = parse(RULES)
        await rulesets.publish(await rulesets.create(document, RULES, "setup"), actor="setup")
        made = [
            await ensure_agent(pool, username=name, name=name.title(), skills=skills, capacity=capacity)
            for name, (skills, capacity) in AGENTS.items()
        ]
        setup.dead = True
        world.processes.clear()
        world.dice.calm = False
        return made

    def _start(self) -> None:
        world, doors = self._world, self._doors
        mains = {
            "ingest-1": partial(ingest, world, doors),
            "ingest-2": partial(ingest, world, doors),
            "classifier-1": partial(classify, world, Topics()),
            "classifier-2": partial(classify, world, Topics()),
            "router-1": partial(route, world, doors),
            "router-2": partial(route, world, doors),
        }
        for name, main in mains.items():
            world.process(name, main).start()

    def _everybody(self, agents: list[Any]) -> Iterator[Any]:
        people, end = self._people, STORM_SECONDS + CALM_SECONDS - QUIET_SECONDS
        yield self._send()
        yield Watcher(people).watch()
        yield Supervisor(people, agents, until=STORM_SECONDS).meddle()
        for agent in agents:
            yield Agent(people, agent, until=end).work()

    async def _send(self) -> None:
        customer, dice = Customer(self._people), self._world.dice
        sending = []
        for message in messages():
            await asyncio.sleep(dice.random.uniform(0.1, 2.7))
            sending.append(asyncio.ensure_future(customer.hand_in(message)))
        await asyncio.gather(*sending)

    def _look_for_ghosts(self, process: Process) -> None:
        for doors in (self._doors.accepting, self._doors.commands, self._doors.feeds):
            doors.pop(process, None)
        task = self._world.loop.create_task(self._check_progress())
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)

    async def _check_progress(self) -> None:
        self._ghosts += check([], await progress(self._world), only=["I8"])

    async def _end(self, people: asyncio.Future[Any]) -> None:
        self._world.crashed = lambda _: None
        people.cancel()
        await asyncio.gather(people, return_exceptions=True)
        for process in self._world.processes:
            process.crash()
        await asyncio.sleep(0.1)
        self._world.wire.close()


@contextmanager
def _mistakes() -> Iterator[list[str]]:
    """What the product logs as an error, and nobody has expected."""
    found: list[str] = []

    def see(_: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
        if method in {"error", "critical", "exception"} and event["event"] not in _EXPECTED:
            found.append(repr(event))
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[see], cache_logger_on_first_use=False)
    try:
        yield found
    finally:
        structlog.configure(**before)
