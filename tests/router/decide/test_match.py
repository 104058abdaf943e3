"""Choosing an agent: who is excluded and why, who is best, when skills relax, who may be asked again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.decide.match import SHOWN, Choice, choose
from services.router.decide.order import rank
from services.router.decide.refusals import NONE, Refusals
from services.router.decide.relaxation import next_step_at, relaxed, step_at
from services.router.decide.scoring import lot, score
from services.router.decide.waiting import next_check
from services.router.decide.work import AgentView, WaitingItem
from shared.domain.work import Presence

NOW = datetime(2026, 3, 4, 9, tzinfo=UTC)
ITEM = WaitingItem(
    id="item",
    version=1,
    channel="email",
    language="de",
    topic="billing",
    urgency=2,
    queue="general",
    requires={"language.de": 3},
    prefers={},
    weight=15,
    priority=0,
    received_at=NOW,
)
JANA = AgentView(
    id="jana",
    skills={"language.de": 5, "topic.billing": 3},
    capacity=100,
    load=0,
    presence=Presence.AVAILABLE,
    idle_since=NOW - timedelta(hours=1),
)
LUKAS = replace(JANA, id="lukas", idle_since=NOW)


def chosen(item: WaitingItem, *agents: AgentView, now: datetime = NOW, **more: Any) -> Choice:
    return choose(item, agents, now=now, seed="s", **more)


@pytest.mark.parametrize(
    ("changes", "excluded", "reason"),
    [
        ({"skills": {"language.en": 5}}, {"language": 1}, "no_agent_with_language"),
        ({"skills": {"language.de": 2}}, {"language": 1}, "no_agent_with_language"),
        ({"presence": Presence.OFFLINE}, {"offline": 1}, "no_eligible_agent_available"),
        ({"presence": Presence.AWAY}, {"away": 1}, "no_eligible_agent_available"),
        ({"presence": Presence.BUSY}, {"busy": 1}, "no_eligible_agent_available"),
        ({"load": 86}, {"full": 1}, "all_full"),
        ({"capacity": 14}, {"full": 1}, "all_full"),
        ({"attentive": True}, {"attention": 1}, "all_full"),
        ({"deciding": True}, {"deciding": 1}, "all_full"),
    ],
)
def test_an_agent_who_cannot_take_the_item_is_counted_under_the_reason(
    changes: dict[str, Any], excluded: dict[str, int], reason: str
) -> None:
    choice = chosen(ITEM, replace(JANA, **changes))
    assert (choice.agent_id, choice.excluded, choice.reason) == (None, excluded, reason)


def test_an_item_that_fits_to_the_last_unit_of_capacity_is_offered() -> None:
    assert chosen(ITEM, replace(JANA, load=85)).agent_id == "jana"


def test_a_chat_is_offered_beside_a_mail_but_a_second_mail_is_not() -> None:
    attentive = replace(JANA, attentive=True, load=15)
    assert chosen(replace(ITEM, channel="chat", weight=33), attentive).agent_id == "jana"
    assert chosen(ITEM, attentive).agent_id is None


def test_a_missing_skill_is_told_apart_from_a_missing_language() -> None:
    choice = chosen(replace(ITEM, requires={"language.de": 3, "tier": 2}), JANA)
    assert (choice.excluded, choice.reason) == ({"skill": 1}, "no_agent_with_skill")


def test_a_level_in_a_topic_covers_its_children_and_not_its_parent() -> None:
    child = {"language.de": 1, "topic.billing.card": 3}
    assert chosen(replace(ITEM, requires=child), JANA).agent_id == "jana"
    narrow = replace(JANA, skills={"language.de": 5, "topic.billing.card": 5})
    assert chosen(replace(ITEM, requires={"topic.billing": 1}), narrow).agent_id is None


def test_the_more_proficient_wins_and_load_counts_against() -> None:
    expert = replace(LUKAS, skills={"language.de": 5, "topic.billing": 5})
    assert chosen(ITEM, JANA, expert).agent_id == "lukas"
    assert chosen(ITEM, JANA, replace(expert, load=66)).agent_id == "jana"


def test_equals_are_asked_longest_idle_first_and_then_by_lot_that_is_the_same_each_time() -> None:
    assert chosen(ITEM, LUKAS, JANA).agent_id == "jana"
    twins = [replace(JANA, id=f"a{n}") for n in range(9)]
    first = chosen(ITEM, *twins)
    assert chosen(ITEM, *reversed(twins)).agent_id == first.agent_id
    assert len({choose(ITEM, twins, now=NOW, seed=str(n)).agent_id for n in range(40)}) > 3


def test_a_preferred_skill_raises_the_score() -> None:
    tiered = replace(LUKAS, skills={**JANA.skills, "tier": 2})
    assert chosen(replace(ITEM, prefers={"tier": 2}), JANA, tiered).agent_id == "lukas"


def test_the_three_best_are_shown_with_their_scores_best_first() -> None:
    choice = chosen(ITEM, *(replace(JANA, id=f"a{n}", load=n) for n in range(5)))
    assert [candidate["agent_id"] for candidate in choice.candidates] == ["a0", "a1", "a2"]
    assert choice.candidates[0]["score"] == choice.score


def test_who_declined_is_not_asked_while_another_could_ever_take_it() -> None:
    item = replace(ITEM, declined={"jana": NOW})
    later = NOW + timedelta(days=1)
    choice = chosen(item, JANA, replace(LUKAS, presence=Presence.OFFLINE), now=later)
    assert (choice.agent_id, choice.excluded) == (None, {"declined": 1, "offline": 1})
    assert chosen(item, JANA, LUKAS).agent_id == "lukas"


def test_who_declined_is_asked_again_after_five_minutes_when_nobody_else_could_ever() -> None:
    item = replace(ITEM, declined={"jana": NOW})
    early = chosen(item, JANA, now=NOW + timedelta(minutes=4, seconds=59))
    assert (early.agent_id, early.reason, early.could_ever) == (None, "declined_by_all", False)
    assert chosen(item, JANA, now=NOW + timedelta(minutes=5)).agent_id == "jana"


def test_who_let_it_lapse_is_asked_last_and_after_a_pause() -> None:
    item = replace(ITEM, lapsed={"jana": NOW + timedelta(seconds=60)})
    assert chosen(item, JANA, LUKAS).agent_id == "lukas"
    early = chosen(item, JANA)
    assert (early.agent_id, early.reason, early.excluded) == (None, "offer_lapsed", {"lapsed": 1})
    late = NOW + timedelta(seconds=60)
    assert chosen(item, JANA, now=late).agent_id == "jana"
    assert chosen(item, JANA, replace(LUKAS, load=85), now=late).agent_id == "lukas"


def test_topics_relax_by_a_level_then_altogether_and_nothing_else_ever_does() -> None:
    requires = {"language.de": 3, "topic.billing": 3, "topic.refund": 1, "tier": 2}
    assert relaxed(requires, 0) == requires
    assert relaxed(requires, 1) == {"language.de": 3, "topic.billing": 2, "tier": 2}
    assert relaxed(requires, 2) == {"language.de": 3, "tier": 2}


@pytest.mark.parametrize(
    ("target", "minutes", "step"),
    [(None, 9, 0), (None, 10, 1), (None, 20, 2), (None, 500, 2), (60, 29, 0), (60, 30, 1), (60, 60, 2)],
)
def test_steps_come_at_half_and_all_of_the_time_to_first_response_else_at_ten_and_twenty_minutes(
    target: int | None, minutes: int, step: int
) -> None:
    due = NOW + timedelta(minutes=target) if target else None
    item = replace(ITEM, requires={"topic.billing": 3}, first_response_due=due)
    now = NOW + timedelta(minutes=minutes)
    assert step_at(item, now) == step
    following = next_step_at(item, now)
    assert (following is None) == (step == 2)
    assert following is None or step_at(item, following) == step + 1


def test_an_item_without_a_topic_skill_has_no_steps() -> None:
    assert (step_at(ITEM, NOW + timedelta(days=1)), next_step_at(ITEM, NOW)) == (0, None)


def test_a_relaxed_choice_says_so() -> None:
    item = replace(ITEM, requires={"language.de": 1, "topic.billing": 4})
    assert chosen(item, JANA).agent_id is None
    choice = chosen(item, JANA, relaxation_step=1)
    assert (choice.agent_id, choice.relaxation_step) == ("jana", 1)


def test_the_next_check_is_when_time_alone_changes_something_and_in_a_minute_at_the_latest() -> None:
    assert next_check(ITEM, NONE, NOW) == NOW + timedelta(seconds=60)
    stepping = replace(ITEM, requires={"topic.billing": 3}, first_response_due=NOW + timedelta(seconds=40))
    assert next_check(stepping, NONE, NOW) == NOW + timedelta(seconds=20)
    assert next_check(due(0.5), NONE, NOW) == NOW + timedelta(seconds=30)
    assert next_check(ITEM, Refusals(changes_at=NOW + timedelta(seconds=5)), NOW) == NOW + timedelta(seconds=5)
    assert next_check(due(0.001), NONE, NOW) == NOW + timedelta(seconds=1)


def due(minutes: float, **changes: Any) -> WaitingItem:
    return replace(ITEM, first_response_due=NOW + timedelta(minutes=minutes), **changes)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (due(30), due(240)),
        (due(240, urgency=4), due(240)),
        (due(240, priority=20), due(240)),
        (due(240, channel="chat"), due(240)),
        (replace(ITEM, received_at=NOW - timedelta(minutes=1)), ITEM),
        (due(240), due(240 * 24, urgency=4, priority=40)),
    ],
)
def test_the_more_pressing_item_goes_first(first: WaitingItem, second: WaitingItem) -> None:
    assert rank(first) < rank(second)


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1), st.booleans()), min_size=1, max_size=12))
def test_the_shown_are_the_first_of_the_whole_order_whatever_is_equal(kinds: list[tuple[int, int, bool]]) -> None:
    agents = [
        replace(JANA, id=f"agent-{number}", load=15 * load, idle_since=NOW - timedelta(hours=idle))
        for number, (load, idle, _) in enumerate(kinds)
    ]
    lapsed = {agent.id: NOW for agent, (_, _, has_lapsed) in zip(agents, kinds, strict=True) if has_lapsed}
    item = replace(ITEM, lapsed=lapsed)
    whole = sorted(agents, key=lambda a: (a.id in lapsed, -score(item, a), a.idle_since, lot("s", a.id)))
    choice = chosen(item, *agents)
    assert [shown["agent_id"] for shown in choice.candidates] == [agent.id for agent in whole[:SHOWN]]
    assert choice.agent_id == whole[0].id
