"""Agents who declined an item or let it lapse: when they may be asked again.

Declined: never while anybody else could take the item, on whatever shift; else after five minutes.
Lapsed: only when nobody else can take it now, and after a pause as long as the offer was.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.router.decide.work import WaitingItem

AFTER_DECLINE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Refusals:
    """As of now: who may not be asked, who only as the last resort, and when that changes next."""

    declined: frozenset[str] = field(default=frozenset())
    lapsed: frozenset[str] = field(default=frozenset())
    last_resort: frozenset[str] = field(default=frozenset())
    changes_at: datetime | None = None

    def reason(self, agent_id: str) -> str | None:
        """``declined`` or ``lapsed`` for an agent who may not be asked."""
        if agent_id in self.declined:
            return "declined"
        return "lapsed" if agent_id in self.lapsed else None


NONE = Refusals()


def refusals(item: WaitingItem, capable: Iterable[str], now: datetime) -> Refusals:
    """The refusals of ``item`` that hold at ``now``; ``capable`` are all agents who hold its skills."""
    if not item.declined and not item.lapsed:
        return NONE
    others = any(agent not in item.declined for agent in capable)
    again = dict(item.lapsed)
    if not others:
        for agent, at in item.declined.items():
            again[agent] = max(at + AFTER_DECLINE, again.get(agent, at))
    pausing = {agent for agent, at in again.items() if at > now}
    declined = frozenset(agent for agent in item.declined if others or agent in pausing)
    lapsed = frozenset(agent for agent in item.lapsed if agent in pausing) - declined
    return Refusals(
        declined=declined,
        lapsed=lapsed,
        last_resort=frozenset(again) - declined - lapsed,
        changes_at=min((again[agent] for agent in pausing if not (others and agent in item.declined)), default=None),
    )
