"""What waits is routed by the rules of today; a supervisor's choice of a queue outlives them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.router.decide.again import REQUEUED, route_again
from services.router.decide.facts import Facts
from services.router.decide.route import Route
from services.router.decide.ruleset import compile_ruleset

RECEIVED = datetime(2026, 3, 4, 9, tzinfo=UTC)
RULES = compile_ruleset(
    {
        "format": 1,
        "queues": {
            "billing": {"requires": {"topic.billing": 3}, "first_response": "4h"},
            "night": {"requires": {"tier": 2}, "offer_seconds": 20, "overflow": "billing"},
        },
        "rules": [{"id": "all", "then": {"queue": "billing", "require": {"vip": 1}, "weight": 40, "priority": 7}}],
    }
)


def again(*, rule: str, queue: str) -> Route:
    facts = Facts(topic="billing", language="de", urgency=2, confidence=0.9, abstained=False, channel="email")
    return route_again(RULES, facts, version=9, received_at=RECEIVED, rule=rule, queue=queue)


def test_it_is_routed_as_if_it_had_come_under_these_rules_at_the_time_it_came() -> None:
    way = again(rule="a-rule-of-before", queue="gone")
    assert (way.queue, way.rule, way.rule_set, way.weight, way.priority) == ("billing", "all", 9, 40, 7)
    assert way.requires == {"topic.billing": 3, "vip": 1, "language.de": 1}
    assert way.first_response_due == RECEIVED + timedelta(hours=4)


def test_the_queue_that_a_supervisor_has_chosen_stays_with_what_it_now_asks_for() -> None:
    way = again(rule=REQUEUED, queue="night")
    assert (way.queue, way.rule, way.rule_set) == ("night", REQUEUED, 9)
    assert way.requires == {"tier": 2, "language.de": 1}
    assert (way.offer_seconds, way.overflow) == (20, "billing")


def test_a_chosen_queue_that_is_gone_gives_way_to_the_rules() -> None:
    assert again(rule=REQUEUED, queue="gone").queue == "billing"
