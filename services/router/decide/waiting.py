"""Why an item waits, in a stable word, and when it is looked at again: never later than in a minute."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from services.router.decide.refusals import Refusals
from services.router.decide.relaxation import next_step_at
from services.router.decide.work import WaitingItem

LONGEST = timedelta(seconds=60)
_SOONEST = timedelta(seconds=1)


def reason_for(excluded: Mapping[str, int], *, capable: bool, could_ever: bool) -> str:
    """The reason of an item that nobody can take, from the counts of those excluded."""
    if not capable:
        return "no_agent_with_skill" if excluded.get("skill") else "no_agent_with_language"
    if not could_ever:
        return "declined_by_all"
    if excluded.get("full") or excluded.get("attention") or excluded.get("deciding"):
        return "all_full"
    return "offer_lapsed" if excluded.get("lapsed") else "no_eligible_agent_available"


def next_check(item: WaitingItem, refused: Refusals, now: datetime) -> datetime:
    """When time alone changes something: a step of relaxation, a refusal that ends, the due time; else in a minute."""
    due = item.first_response_due
    moments = [now + LONGEST, next_step_at(item, now), refused.changes_at, due if due and due > now else None]
    return max(now + _SOONEST, min(moment for moment in moments if moment is not None))
