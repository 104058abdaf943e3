"""Routing again what was routed before: by the rules of today, unless a supervisor has chosen the queue."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from services.router.decide.facts import Facts
from services.router.decide.queues import Queue
from services.router.decide.route import Route, requirements, route
from services.router.decide.ruleset import RuleSet

REQUEUED = "requeued"
"""The rule of what a supervisor has sent to a queue of choice."""


def route_again(ruleset: RuleSet, facts: Facts, *, version: int, received_at: datetime, rule: str, queue: str) -> Route:
    """The route by the rule set numbered ``version`` of what ``rule`` has sent to ``queue`` before."""
    way = route(ruleset, facts, version=version, received_at=received_at)
    chosen = ruleset.queues.get(queue) if rule == REQUEUED else None
    return way if chosen is None else by_choice(way, chosen, facts.language)


def by_choice(way: Route, queue: Queue, language: str) -> Route:
    """``way`` as it is when a supervisor chooses ``queue``: what the rule required is dropped, the language is not."""
    return replace(
        way,
        queue=queue.id,
        rule=REQUEUED,
        requires=requirements(queue, {}, language),
        offer_seconds=queue.offer_seconds,
        overflow=queue.overflow,
    )
