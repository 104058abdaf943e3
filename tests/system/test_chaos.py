"""The services apart, killed under load: every promise is kept, and the harness has been seen finding a broken one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.chaos.run import Wish, run

pytestmark = pytest.mark.system

ROUNDS = 10
EVERY_KIND = 20_261_100
"""A seed that kills each kind of process, and twice two at once."""
INGEST_FIRST = 20
LEAST = {
    "sent rest": 100,
    "sent lmtp": 100,
    "sent voicemail": 50,
    "sent chat": 50,
    "accept ok": 200,
    "complete ok": 200,
}
EARLY = Path(__file__).parents[1] / "crash" / "answer_before_commit.py"


@pytest.mark.usefixtures("kafka_jars")
async def test_ten_rounds_of_kills_on_kafka_break_no_promise(tmp_path: Path) -> None:
    verdict = await run(Wish(rounds=ROUNDS, seed=EVERY_KIND), tmp_path / "history.jsonl")
    assert verdict.violations == []
    assert sum(one.reached for one in verdict.outcomes) == ROUNDS
    assert {one.number: one.surprises for one in verdict.outcomes if one.surprises} == {}, "nobody restarts unasked"
    assert {name: verdict.figures[name] for name, least in LEAST.items() if verdict.figures[name] < least} == {}


async def test_a_product_that_answers_before_it_commits_is_found_out(tmp_path: Path) -> None:
    wish = Wish(rounds=1, seed=INGEST_FIRST, log="postgres", calm_seconds=2, program=(sys.executable, str(EARLY)))
    verdict = await run(wish, tmp_path / "history.jsonl")
    assert "I1" in {broken.invariant for broken in verdict.violations}
