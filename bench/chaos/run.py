"""One run: load on a running installation, rounds of kills, a calm end, the dump, the verdict."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.chaos import streams
from bench.chaos.checker import Violation, check
from bench.chaos.checker.history import AgentOp, Event, Submit, SubmitResult
from bench.chaos.customers import Customers
from bench.chaos.desks import Desks, follow
from bench.chaos.faults import Injector, Outcome, failures
from bench.chaos.installation import PROGRAM, Installation, installation
from bench.chaos.recorder import Recorder
from bench.chaos.schedule import schedule
from bench.chaos.stores import read_dump
from bench.load.agents import sign_in
from bench.load.feed import Feed
from bench.load.product import PASSWORD
from bench.measure.roster import hire

AGENTS = 60
CALM_SECONDS = 60.0
_MOST_MISSED = 3


@dataclass(frozen=True, slots=True)
class Wish:
    """What to run. Rounds that missed their target are played again, so ``rounds`` is how many took effect."""

    rounds: int
    seed: int
    log: str = "kafka"
    rate: float = 50.0
    calm_seconds: float = CALM_SECONDS
    program: tuple[str, ...] = PROGRAM


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of it."""

    outcomes: list[Outcome]
    violations: list[Violation]
    failures: list[str]
    figures: dict[str, int]
    history_sha256: str

    @property
    def clean(self) -> bool:
        return not self.violations and not self.failures


async def run(wish: Wish, history: Path) -> Verdict:
    """Play it; the history is left in the file ``history``, and beside it what the services said."""
    recorder = Recorder(history)
    try:
        async with installation(log=wish.log, program=wish.program) as found:
            try:
                async with _working(found, recorder, wish):
                    outcomes = await _play(found, recorder, wish)
                return await _judge(found, recorder, outcomes)
            finally:
                found.keep_logs(history.with_suffix(".logs"))
    finally:
        recorder.close()


async def _play(found: Installation, recorder: Recorder, wish: Wish) -> list[Outcome]:
    customers = Customers(found.of("ingest"), witness=recorder, seed=wish.seed)
    writing = asyncio.create_task(customers.write(rate=wish.rate))
    injector = Injector(found, recorder)
    outcomes: list[Outcome] = []
    try:
        for plan in schedule(wish.seed, wish.rounds + _MOST_MISSED, [member.name for member in found.members]):
            if sum(one.reached for one in outcomes) == wish.rounds or (outcomes and outcomes[-1].stuck):
                break
            outcomes.append(await injector.play(plan))
            print(_line(outcomes[-1], recorder), flush=True)
    finally:
        writing.cancel()
        with suppress(asyncio.CancelledError):
            await writing
    await customers.close()
    return outcomes


@asynccontextmanager
async def _working(found: Installation, recorder: Recorder, wish: Wish) -> AsyncIterator[None]:
    """Agents at their desks and operations at the live stream, until the calm after the block has passed."""
    routers = [router.http for router in found.of("router")]
    _, token = await sign_in(routers[0], "otto", PASSWORD)
    feed = Feed(routers[0], token=token)
    feed.hear(recorder.heard)
    desks = Desks(routers, await hire(found.database.url, count=AGENTS), recorder)
    desks.follow(feed)
    connected = asyncio.Event()
    following = asyncio.create_task(follow(feed, routers, connected))
    try:
        await asyncio.wait_for(connected.wait(), 10)
        yield
        await asyncio.sleep(wish.calm_seconds)  # the calm phase itself
        await desks.close()
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following


async def _judge(found: Installation, recorder: Recorder, outcomes: list[Outcome]) -> Verdict:
    if found.broker is None:
        records, progress = await streams.from_postgres(found.database.url)
    else:
        records, progress = await streams.from_kafka(found.broker.bootstrap)
    dump = await read_dump(found.database.url, records, progress)
    began = time.monotonic()
    violations = check(recorder.events, dump)
    print(f"checked {len(recorder.events)} events in {time.monotonic() - began:.1f} s", flush=True)
    figures = count(recorder.events) | {"facts": len(dump.facts), "inquiries": len(dump.inquiries)}
    return Verdict(outcomes, violations, failures(outcomes), figures, recorder.hash)


def count(history: list[Event]) -> dict[str, int]:
    """How much there was of everything."""
    found: Counter[str] = Counter()
    for event in history:
        if isinstance(event, Submit):
            found[f"sent {event.channel}"] += 1
        elif isinstance(event, SubmitResult):
            found[f"answered {event.outcome}"] += 1
        elif isinstance(event, AgentOp):
            found[f"{event.op} {event.outcome}"] += 1
        else:
            found[event.k] += 1
    return dict(sorted(found.items()))


def _line(outcome: Outcome, recorder: Recorder) -> str:
    killed = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in outcome.seconds.items())
    bad = [*outcome.slow, *outcome.surprises, outcome.stuck, *([] if outcome.reached else ["missed"])]
    return (
        f"round {outcome.number:3}  {killed:40}  all ready {outcome.all_ready:4.1f} s"
        f"  {len(recorder.events):7} events  {' '.join(bad).strip() or 'well'}"
    )
