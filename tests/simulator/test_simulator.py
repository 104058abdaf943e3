"""A few seeds of the simulator: clean, with faults of every kind, and the same each time."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from bench.simulator.cluster import Cluster
from bench.simulator.company import MESSAGES
from bench.simulator.dice import Rates
from bench.simulator.loop import VirtualLoop
from bench.simulator.run import Outcome, run

SEEDS = range(1, 4)
ONCE_FAILED = {49: "a router whose share went to another while it paused asked for the old one for ever"}
pytestmark = pytest.mark.timeout(300)  # seconds each on a machine at rest


@pytest.fixture(scope="module")
def outcomes(cluster: Cluster) -> list[Outcome]:
    return [run(seed, cluster) for seed in SEEDS]


def test_nothing_promised_is_broken(outcomes: list[Outcome]) -> None:
    assert [(one.seed, one.violations, one.mistakes) for one in outcomes if not one.clean] == []


def test_every_kind_of_fault_falls(outcomes: list[Outcome]) -> None:
    fell = sum((one.fell for one in outcomes), Counter[str]())
    assert {name for name in Rates.__slots__ if not fell[name]} == set()


def test_everything_handed_in_ends_completed_or_in_quarantine(outcomes: list[Outcome]) -> None:
    for one in outcomes:
        states = Counter(inquiry.state for inquiry in one.dump.inquiries)
        assert sum(states.values()) == MESSAGES
        assert states["quarantined"] >= 2  # the poison, and nothing is parked for ever behind it
        assert states["completed"] >= MESSAGES // 2


def test_a_seed_is_the_same_each_time(cluster: Cluster, outcomes: list[Outcome]) -> None:
    again = run(SEEDS[0], cluster)
    assert (again.digest, again.turns, again.fell) == (outcomes[0].digest, outcomes[0].turns, outcomes[0].fell)


@pytest.mark.parametrize("seed", ONCE_FAILED, ids=ONCE_FAILED.values())
def test_what_a_seed_has_found_stays_mended(seed: int, cluster: Cluster) -> None:
    one = run(seed, cluster)
    assert (one.violations, one.mistakes) == ([], [])


def test_time_jumps_and_timers_for_one_moment_go_off_in_their_order(cluster: Cluster) -> None:
    heard: list[int] = []

    async def wait() -> float:
        loop = asyncio.get_running_loop()
        for number in range(50):
            loop.call_at(3_600.0, heard.append, number)
        await asyncio.sleep(7_200)
        return loop.time()

    with asyncio.Runner(loop_factory=lambda: VirtualLoop(cluster.overseer)) as runner:
        assert runner.run(wait()) == pytest.approx(7_200)
    assert heard == list(range(50))
