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
_STUCK_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a round did. ``started`` is the seconds to *ready* by member, ``all_ready`` until every service said so
    after the last of them; ``surprises`` are processes that died or came back without being told. ``stuck`` says who
    did not come back at all: then nothing further is played.
    """

    number: int
    reached: bool
    started: dict[str, float]
    all_ready: float
    surprises: tuple[str, ...] = ()
    stuck: str = ""

    @property
    def slow(self) -> list[str]:
        """Who took longer than it may: a service alone counts, one that waited for its database does not."""
        if "postgres" in self.started:
            return ["all after postgres"] if self.all_ready > DATABASE_SECONDS else []
        late = [name for name, seconds in self.started.items() if seconds > READY_SECONDS]
        return late + (["all"] if self.all_ready > READY_SECONDS else [])


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
            return Outcome(plan.number, reached=False, started={}, all_ready=0.0, stuck=str(error))

    async def _play(self, plan: Round) -> Outcome:
        done = await asyncio.gather(*(self._kill(kill) for kill in plan.kills))
        began = time.monotonic()
        await self._installation.until_ready(seconds=_STUCK_SECONDS)
        started = {kill.member: round(seconds, 2) for kill, (_, seconds) in zip(plan.kills, done, strict=True)}
        reached = all(reached for reached, _ in done)
        return Outcome(plan.number, reached, started, round(time.monotonic() - began, 2), self.surprises())

    def surprises(self) -> tuple[str, ...]:
        """Members whose process is not the one that we started."""
        return tuple(name for name, member in self._members.items() if member.pid != self._pids[name])

    async def _kill(self, kill: Kill) -> tuple[bool, float]:
        member = self._members[kill.member]
        await asyncio.sleep(kill.after)  # the schedule itself, not a wait for an effect
        reached = await asyncio.to_thread(member.kill)
        self._recorder.note(Fault(name="SIGKILL", target=kill.member, phase="start", reached=reached))
        await asyncio.sleep(kill.dead)
        began = time.monotonic()
        await member.start()
        self._pids[kill.member] = member.pid
        self._recorder.note(Fault(name="SIGKILL", target=kill.member, phase="end", reached=reached))
        return reached, time.monotonic() - began


def failures(outcomes: Sequence[Outcome]) -> list[str]:
    """What is wrong with the rounds themselves, whatever the checker says."""
    slow = [f"round {one.number}: too slow: {', '.join(one.slow)}" for one in outcomes if one.slow]
    unasked = [f"round {one.number}: unasked: {', '.join(one.surprises)}" for one in outcomes if one.surprises]
    return slow + unasked + [f"round {one.number}: stuck: {one.stuck}" for one in outcomes if one.stuck]
