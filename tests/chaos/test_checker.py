"""The checker finds each of nine seeded bugs, and nothing where nothing is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.chaos.checker import check
from bench.chaos.checker.history import read, to_line
from tests.chaos.reference import Mutant, Reference

SEEDS = range(20)
FOUND_AS = {
    Mutant.EARLY_ACK: {"I1"},
    Mutant.POSITION_FIRST: {"I8", "I14"},
    Mutant.NO_DEDUPE: {"I2", "I5"},
    Mutant.CHECK_THEN_ASSIGN: {"I3", "I4", "I5"},
    Mutant.ONE_TOO_MANY: {"I4"},
    Mutant.NEW_IDS: {"I7"},
    Mutant.AUDIT_APART: {"I5"},
    Mutant.RANDOM_PARTITION: {"I6"},
    Mutant.POISON_DROPPED: {"I8", "I14"},
}


@given(seed=st.integers(min_value=0, max_value=2**32))
@settings(max_examples=60, deadline=None)
def test_a_product_that_keeps_its_promises_is_never_accused(seed: int) -> None:
    assert check(*Reference(seed).run()) == []


@pytest.mark.parametrize("mutant", Mutant, ids=lambda mutant: mutant.value)
def test_each_seeded_bug_is_found_within_twenty_seeds_as_what_it_breaks(mutant: Mutant) -> None:
    found = {seed: {one.invariant for one in check(*Reference(seed, mutant).run())} for seed in SEEDS}
    assert FOUND_AS[mutant] <= set().union(*found.values())
    assert sum(map(bool, found.values())) >= len(SEEDS) / 2, "and that not by luck"


def test_a_history_on_disk_is_the_same_history(tmp_path: Path) -> None:
    history, dump = Reference(7, Mutant.CHECK_THEN_ASSIGN).run()
    path = tmp_path / "history.jsonl"
    path.write_text("".join(to_line(event) + "\n" for event in history) + '{"k":"submit","key":"torn')
    assert check(read(path), dump) == check(history, dump) != []
