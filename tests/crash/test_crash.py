"""What was promised survives kill -9, and the harness that says so has been seen finding a loss."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.crash import crash
from tests.system.installation import installation

SEED = 20_260_304

pytestmark = pytest.mark.timeout(300)


async def test_nothing_is_lost_or_double_after_three_kills() -> None:
    with installation() as product:
        rounds = await crash(rounds=3, seed=SEED, folder=product.folder)
    assert [(found.lost, found.double) for found in rounds] == [([], [])] * 3
    assert all(found.clean for found in rounds), "ready again within 20 s"
    assert rounds[1].database_killed, "the database was killed too"
    assert rounds[-1].promised >= 30, "there was something to lose"


async def test_the_harness_finds_a_product_that_answers_before_it_commits() -> None:
    bug = (sys.executable, str(Path(__file__).with_name("answer_before_commit.py")), "up", "--demo")
    with installation() as product:
        (found,) = await crash(rounds=1, seed=SEED, folder=product.folder, command=bug)
    assert found.lost, "promises were broken, and it was told"
