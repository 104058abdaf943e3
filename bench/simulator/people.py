"""Everybody outside: customers who hand in, agents who answer, a supervisor who meddles, operations who watch.

They reach a process over a network that may lose the answer, ask again when they are unsure, and write down what they
were told.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from bench.chaos.checker.history import AgentOp, Event, Submit, SubmitResult, Told
from bench.simulator.company import Message
from bench.simulator.process import Process
from bench.simulator.stages import Doors
from bench.simulator.world import World
from services.router.commands.accept import Accept
from services.router.commands.assign import Assign
from services.router.commands.complete import Complete
from services.router.commands.decline import Decline
from services.router.commands.presence import SetPresence
from services.router.commands.requeue import Requeue
from services.router.facts import By
from services.router.live.cloud import Outside
from services.router.live.follower import Follower
from services.router.live.views import FEED
from services.router.rulesets import RuleSetStore
from services.router.store import assignments, offers
from shared.access.caller import Caller
from shared.database.connection import translate
from shared.domain.work import Presence
from shared.errors import Refused, Temporary
from shared.within import within

T = TypeVar("T")
_PATIENCE_SECONDS = 10.0
_OPERATIONS = Caller("user:operations", "user", "Operations", frozenset({"operations"}))


class NoAnswer(Exception):  # house style: named for what happened
    """It may have been done, or not."""


class People:
    """Shared by all of them: the history, and how to call a process."""

    def __init__(self, world: World, doors: Doors) -> None:
        self.world = world
        self.doors = doors
        self.history: list[Event] = []
        self.random = world.dice.random

    def note(self, kind: type[Event], **fields: Any) -> None:
        """Write a line of the history."""
        now = self.world.loop.time()
        self.history.append(kind(n=len(self.history) + 1, wall=now, mono=now, **fields))

    def some(self, running: dict[Process, T]) -> tuple[Process, T] | None:
        """A replica that is alive."""
        alive = [(process, door) for process, door in running.items() if not process.dead]
        return self.random.choice(alive) if alive else None

    async def call(self, process: Process, work: Callable[[], Awaitable[T]]) -> T:
        """Do ``work`` in ``process``.

        Raises:
            NoAnswer: the process died, was too slow, or its answer was lost.
            Exception: what the process answered instead.
        """
        await asyncio.sleep(self.world.dice.latency())
        if process.dead:
            raise NoAnswer
        task = process.spawn(_translated(work))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())  # it may be lost on its way
        await asyncio.wait({task}, timeout=_PATIENCE_SECONDS)
        await asyncio.sleep(self.world.dice.latency())
        if not task.done() or task.cancelled() or self.world.dice.falls("reply_lost"):
            raise NoAnswer
        return task.result()


class Customer:
    """Hands everything in, until it is told that it is kept; now and then once more, or with another body."""

    def __init__(self, people: People) -> None:
        self._people = people

    async def hand_in(self, message: Message) -> None:
        """Until it is accepted."""
        random = self._people.random
        while not await self._try(message):  # noqa: ASYNC110  # a customer who tries again
            await asyncio.sleep(random.uniform(0.05, 1.0))
        if random.random() < 0.2:
            await self._try(message)
        if random.random() < 0.1:
            await self._try(message, edition=1)

    async def _try(self, message: Message, edition: int = 0) -> bool:
        people, delivery = self._people, message.delivery(edition)
        chosen = people.some(people.doors.accepting)
        if chosen is None:
            return False
        sha256 = hashlib.sha256(delivery.raw).hexdigest()
        conv = None if edition else str(message.conversation)
        channel = message.channel.value
        people.note(Submit, key=message.key, channel=channel, sha256=sha256, conv=conv, seq=message.seq)
        told: dict[str, Any] = {"outcome": "info"}
        with suppress(Temporary, NoAnswer):
            try:
                receipt = await people.call(chosen[0], partial(chosen[1].submit, delivery))
                told = {"outcome": "ok", "id": str(receipt.id)}
            except Refused as error:
                told = {"outcome": "fail", "code": error.code}
        people.note(SubmitResult, key=message.key, sha256=sha256, **told)
        return told["outcome"] != "info"


class Agent:
    """Answers offers, works, and goes for a break."""

    def __init__(self, people: People, agent_id: UUID, *, until: float) -> None:
        self._people = people
        self._id = agent_id
        self._until = until
        self._by = By(f"agent:{agent_id}")

    async def work(self) -> None:
        """Until the end of the day."""
        random = self._people.random
        await self._presence(Presence.AVAILABLE)
        while self._people.world.loop.time() < self._until:
            await asyncio.sleep(random.uniform(0.1, 1.5))
            with suppress(Temporary, NoAnswer, Refused):
                await self._look()
            if random.random() < 0.02:
                await self._presence(Presence.AWAY)
                await asyncio.sleep(random.uniform(0.5, 4.0))
                await self._presence(Presence.AVAILABLE)

    async def _presence(self, state: Presence) -> None:
        while True:
            with suppress(Temporary, NoAnswer):
                await self._ask(lambda commands: commands.set_presence(SetPresence(self._id, state, 3_600, self._by)))
                return
            await asyncio.sleep(0.2)

    async def _ask(self, what: Callable[[Any], Awaitable[T]]) -> T:
        chosen = self._people.some(self._people.doors.commands)
        if chosen is None:
            raise NoAnswer
        return await self._people.call(chosen[0], partial(what, chosen[1]))

    async def _read(self, what: Callable[[Any], Awaitable[T]]) -> T:
        chosen = self._people.some(self._people.doors.commands)
        if chosen is None:
            raise NoAnswer
        return await self._people.call(chosen[0], partial(what, self._people.world.pool(chosen[0])))

    async def _look(self) -> None:
        random = self._people.random
        for offer in await self._read(lambda pool: offers.open_of_agents(pool, [self._id])):
            mood = random.random()
            if mood < 0.75:
                wish = Accept(offer.id, self._id, self._by)
                await self._act("accept", str(offer.id), offer.work_item_id, lambda c, w=wish: c.accept(w))
            elif mood < 0.85:
                no = Decline(offer.id, self._id, "other", None, None, self._by)
                await self._act("decline", str(offer.id), offer.work_item_id, lambda c, w=no: c.decline(w))
        for held in await self._read(lambda pool: assignments.open_of_agent(pool, self._id)):
            if random.random() < 0.15:
                done = Complete(held.conversation_id, self._id, "Somebody", "solved", None, self._by)
                item = held.work_item_id
                await self._act("complete", str(item), item, lambda c, w=done: c.complete(w))

    async def _act(self, op: str, target: str, item: UUID, what: Callable[[Any], Awaitable[Any]]) -> None:
        people, invoked = self._people, self._people.world.loop.time()
        told: dict[str, Any] = {"outcome": "info"}
        try:
            await self._ask(what)
            told = {"outcome": "ok"}
        except Refused as error:
            told = {"outcome": "fail", "code": error.code}
        except (Temporary, NoAnswer):
            pass
        people.note(AgentOp, agent=str(self._id), op=op, target=target, work_item=str(item), invoked=invoked, **told)


class Supervisor:
    """Puts work into hands and takes it out again, whatever everybody else is doing."""

    def __init__(self, people: People, agents: list[UUID], *, until: float) -> None:
        self._people = people
        self._agents = agents
        self._until = until

    async def meddle(self) -> None:
        """Until the end of the storm."""
        random, by = self._people.random, By("user:supervisor")
        while self._people.world.loop.time() < self._until:
            await asyncio.sleep(random.uniform(1.0, 6.0))
            chosen = self._people.some(self._people.doors.commands)
            if chosen is None:
                continue
            process, commands = chosen
            pool = self._people.world.pool(process)
            with suppress(Temporary, NoAnswer, Refused):
                every = "SELECT id FROM router.conversation ORDER BY id"
                found = await self._people.call(process, partial(pool.fetch, every))
                if not found:
                    continue
                conversation = random.choice(found)["id"]
                if random.random() < 0.6:
                    wish = Assign(conversation, random.choice(self._agents), by)
                    await self._people.call(process, partial(commands.assign, wish))
                else:
                    version, ruleset = await self._people.call(process, RuleSetStore(pool).live)
                    back = Requeue(conversation, random.choice((None, "general")), ruleset, version, by)
                    await self._people.call(process, partial(commands.requeue, back))


class Watcher:
    """Operations at the live feed: follows one replica after the other, each time from what it knows."""

    def __init__(self, people: People) -> None:
        self._people = people
        self.position = 0

    async def watch(self) -> None:
        """For ever."""
        while True:
            chosen = self._people.some(self._people.doors.feeds)
            if chosen is not None:
                with suppress(Temporary, NoAnswer):
                    await self._follow(*chosen)
            await asyncio.sleep(0.3)

    async def _follow(self, process: Process, feed: Any) -> None:
        outside = Outside(_OPERATIONS, self._people.world.pool(process))
        await self._people.call(process, partial(feed.reached, self.position))
        follower = Follower([(FEED, "")], position=self.position)
        if not feed.attach(follower):
            return
        while self._people.doors.feeds.get(process) is feed:
            async with within(1.0):
                await follower.wake.wait()
            follower.wake.clear()
            told = await outside.seen(follower.take(100))
            for position, event in sorted(told.items()):
                self._note(event, position)
                self.position = position

    def _note(self, event: dict[str, Any], position: int) -> None:
        kind = event["type"].removeprefix("inquiryrouter.").removesuffix(".v1")
        self._people.note(Told, id=event["id"], sequence=position, type=kind, subject=event["subject"], data={})


async def _translated(work: Callable[[], Awaitable[T]]) -> T:
    with translate():
        return await work()
