"""Each of nine switched-off guards is seen within twenty seeds; and three hundred seeds without one are clean."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from bench.simulator.cluster import Cluster
from bench.simulator.run import run
from tests.simulator.mutants import MUTANTS, UNLED, Mutant

ENOUGH = 20
SEEDS, PROCESSES = 300, 2


@pytest.mark.system
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name.replace(" ", "-"))
def test_a_guard_that_is_switched_off_is_missed(mutant: Mutant, cluster: Cluster) -> None:
    with mutant.applied():
        for seed in range(1, ENOUGH + 1):
            found = run(seed, cluster, sabotage=mutant.sabotage).violations
            if mutant.seen_as & {violation.invariant for violation in found}:
                return
    pytest.fail(f"{mutant.name} was not seen in {ENOUGH} seeds")


@pytest.mark.system
def test_two_dispatchers_at_once_do_no_harm_because_every_write_has_its_condition(cluster: Cluster) -> None:
    with UNLED.applied():
        for seed in range(1, 6):
            assert run(seed, cluster).violations == [], seed


@pytest.mark.system
@pytest.mark.timeout(1_800)
def test_three_hundred_seeds_are_clean() -> None:
    share = SEEDS // PROCESSES
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.simulator", "--seeds", str(share), "--from", str(1 + number * share)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for number in range(PROCESSES)
    ]
    told = [one.communicate()[0] for one in running]
    assert [one.returncode for one in running] == [0] * PROCESSES, "\n".join(told)
    assert (
        sum(int(found) for text in told for found in re.findall(r"^(\d+) seeds, 0 failed", text, re.MULTILINE)) == SEEDS
    )
