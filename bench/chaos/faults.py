"""The one who kills, and starts again what was killed; nobody else may do either."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.chaos.checker.history import Fault
from bench.chaos.installation import Installation
from bench.chaos.recorder import Recorder
from bench.chaos.schedule import Kill, Round
from shared.errors import DatabaseUnavailable

READY_SECONDS = 10.0
DATABASE_SECONDS = 15.0
STORES = frozenset({"postgres", "broker"})
_STUCK_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Back:
    """A member was started at one moment, and said that it was there at another."""

    member: str
    reached: bool
    started: float
    ready: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a round did. ``seconds`` are those to *ready* by member, ``all_ready`` those until every service said so
    after the last of them; ``surprises`` are processes that died or came back without being told. ``stuck`` says who
    did not come back at all: then nothing further is played.
    """

    number: int
    reached: bool
    seconds: dict[str, float]
    all_ready: float
    surprises: tuple[str, ...] = ()
    stuck: str = ""

    @property
    def slow(self) -> list[str]:
        """Who took longer than it may."""
        limit = DATABASE_SECONDS if "postgres" in self.seconds else READY_SECONDS
        late = [name for name, seconds in self.seconds.items() if seconds > limit]
        return late + (["all"] if self.all_ready > limit else [])


def seconds_to_ready(backs: Sequence[Back]) -> dict[str, float]:
    """By member, from its start, or from when the database and the broker were back if they were killed with it."""
    stores = [back.ready for back in backs if back.member in STORES]
    return {
        back.member: round(back.ready - max([back.started, *(stores if back.member not in STORES else [])]), 2)
        for back in backs
    }


class Injector:
    """Plays rounds on ``installation`` and writes each fault into the history."""

    def __init__(self, installation: Installation, recorder: Recorder) -> None:
        self._installation = installation
        self._recorder = recorder
        self._members = {member.name: member for member in installation.members}
        self._pids = {name: member.pid for name, member in self._members.items()}

    async def play(self, plan: Round) -> Outcome:
        """One round, until all are ready again."""
        self._recorder.round = plan.number
        try:
            return await self._play(plan)
        except (TimeoutError, RuntimeError, DatabaseUnavailable) as error:
            return Outcome(plan.number, reached=False, seconds={}, all_ready=0.0, stuck=str(error))

    async def _play(self, plan: Round) -> Outcome:
        backs = await asyncio.gather(*(self._kill(kill) for kill in plan.kills))
        began = time.monotonic()
        await self._installation.until_ready(seconds=_STUCK_SECONDS)
        all_ready = round(time.monotonic() - began, 2)
        reached = all(back.reached for back in backs)
        return Outcome(plan.number, reached, seconds_to_ready(backs), all_ready, self.surprises())

    def surprises(self) -> tuple[str, ...]:
        """Members whose process is not the one that we started."""
        return tuple(name for name, member in self._members.items() if member.pid != self._pids[name])

    async def _kill(self, kill: Kill) -> Back:
        member = self._members[kill.member]
        await asyncio.sleep(kill.after)  # the schedule itself, not a wait for an effect
        reached = await asyncio.to_thread(member.kill)
        self._recorder.note(Fault(name="SIGKILL", target=kill.member, phase="start", reached=reached))
        await asyncio.sleep(kill.dead)
        began = time.monotonic()
        await member.start()
        self._pids[kill.member] = member.pid
        self._recorder.note(Fault(name="SIGKILL", target=kill.member, phase="end", reached=reached))
        return Back(kill.member, reached, began, time.monotonic())


def failures(outcomes: Sequence[Outcome]) -> list[str]:
    """What is wrong with the rounds themselves, whatever the checker says."""
    slow = [f"round {one.number}: too slow: {', '.join(one.slow)}" for one in outcomes if one.slow]
    unasked = [f"round {one.number}: unasked: {', '.join(one.surprises)}" for one in outcomes if one.surprises]
    return slow + unasked + [f"round {one.number}: stuck: {one.stuck}" for one in outcomes if one.stuck]
