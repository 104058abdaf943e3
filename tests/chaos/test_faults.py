"""The seconds to ready are counted from where they are a process's own, and the same seed kills the same."""

from __future__ import annotations

from collections import Counter

import pytest

from bench.chaos.faults import Back, Outcome, failures, seconds_to_ready
from bench.chaos.figures import recovery
from bench.chaos.schedule import schedule

MEMBERS = ("ingest-1", "ingest-2", "classifier-1", "classifier-2", "router-1", "router-2", "broker", "postgres")


def back(member: str, started: float, ready: float) -> Back:
    return Back(member, reached=True, started=started, ready=ready)


def test_a_service_counts_from_its_start_or_from_the_return_of_the_store_killed_with_it() -> None:
    assert seconds_to_ready([back("ingest-1", 1, 6)]) == {"ingest-1": 5}
    assert seconds_to_ready([back("ingest-1", 1, 12), back("broker", 2, 5)]) == {"ingest-1": 7, "broker": 3}
    assert seconds_to_ready([back("postgres", 1, 3), back("broker", 2, 9)]) == {"postgres": 2, "broker": 7}


@pytest.mark.parametrize(
    ("seconds", "all_ready", "slow"),
    [
        ({"router-1": 10.0}, 10.0, []), ({"router-1": 10.1}, 0.0, ["router-1"]), ({"broker": 1.0}, 10.1, ["all"]),
        ({"router-1": 15.0, "postgres": 1.0}, 15.0, []), ({"postgres": 15.1}, 15.1, ["postgres", "all"]),
    ],
)  # fmt: skip
def test_ten_seconds_are_allowed_and_fifteen_with_the_database(
    seconds: dict[str, float], all_ready: float, slow: list[str]
) -> None:
    assert Outcome(1, reached=True, seconds=seconds, all_ready=all_ready).slow == slow


def test_late_unasked_and_stuck_are_failures_by_their_round() -> None:
    late = Outcome(1, reached=True, seconds={"router-1": 11.0}, all_ready=0.0)
    unasked = Outcome(2, reached=True, seconds={"router-1": 1.0}, all_ready=0.0, surprises=("ingest-1",))
    stuck = Outcome(3, reached=False, seconds={}, all_ready=0.0, stuck="its last words")
    assert failures([late, unasked, stuck]) == [
        "round 1: too slow: router-1",
        "round 2: unasked: ingest-1",
        "round 3: stuck: its last words",
    ]
    assert recovery([late, unasked, stuck])["router-1"] == {"kills": 2, "median": 6.0, "worst": 11.0}


def test_the_same_seed_kills_the_same_and_every_kind_alike_with_two_at_once_in_a_fifth() -> None:
    plan = schedule(7, 1_000, MEMBERS)
    assert plan == schedule(7, 1_000, MEMBERS)
    assert plan != schedule(8, 1_000, MEMBERS)
    kinds = Counter(kill.member.partition("-")[0] for found in plan for kill in found.kills)
    assert set(kinds) == {"ingest", "classifier", "router", "broker", "postgres"}
    assert min(kinds.values()) > 180
    assert 150 < sum(len(found.kills) == 2 for found in plan) < 250
    assert all(len({kill.member for kill in found.kills}) == len(found.kills) for found in plan)
