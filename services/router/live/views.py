"""Views: their names, who may have them, and which facts concern them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.router.store.events import Fact
from shared.access.caller import INTEGRATOR, Caller
from shared.errors import Fault, Refused

ME, DESK, ITEM, FEED = "me", "desk", "item", "feed"
QUEUES, AGENTS = "board.queues", "board.agents"
BOARDS = (QUEUES, AGENTS)
MOST_VIEWS = 20

FEED_TYPES = frozenset(
    {
        "inquiry.received",
        "inquiry.classified",
        "inquiry.waiting",
        "inquiry.closed",
        "offer.made",
        "offer.accepted",
        "offer.declined",
        "offer.lapsed",
        "offer.withdrawn",
        "assignment.started",
        "assignment.ended",
        "presence.changed",
        "ruleset.published",
    }
)
"""What the outside hears of; the rest is between our own services."""

_ROLES: dict[str, frozenset[str]] = {
    DESK: frozenset({"agent"}),
    QUEUES: frozenset({"supervisor", "operations"}),
    AGENTS: frozenset({"supervisor", "operations"}),
    ITEM: frozenset({"supervisor", "operations", "agent"}),
    FEED: frozenset({"operations", "auditor", INTEGRATOR}),
}

_COUNTED = ("inquiry.waiting", "offer.", "assignment.", "presence.", "agent.", "ruleset.")

Key = tuple[str, str]
"""What a fact concerns: (``agent``, id), (``conversation``, id), or a view that is the same for all with ``""``."""


@dataclass(frozen=True, slots=True)
class View:
    """One view that a client asks for; ``conversation`` only for ``item:{id}``."""

    text: str
    name: str
    conversation: UUID | None = None


def seat_of(caller: Caller) -> UUID | None:
    """The agent that the caller works as, if any."""
    return caller.agent_id if caller.has("agent") else None


def sees_all_work(caller: Caller) -> bool:
    """Whether every conversation is there for the caller, not only those offered or held."""
    return caller.has("supervisor", "operations")


def parse(text: str) -> list[View]:
    """The views of ``?views=``.

    Raises:
        Refused: ``invalid``; none, too many, or one that we do not have.
    """
    names = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not names or len(names) > MOST_VIEWS:
        raise Refused("invalid", faults=[Fault("/views", "invalid", f"Name 1 to {MOST_VIEWS} views.")])
    return [_view(name) for name in names]


def check_rights(caller: Caller, views: Sequence[View]) -> None:
    """The caller's roles allow the views.

    Raises:
        Refused: ``forbidden``.
    """
    for view in views:
        allowed = _ROLES.get(view.name)
        if allowed is not None and not caller.has(*allowed):
            raise Refused("forbidden", f"The view {view.name} is not for this role.")


def keys_of(fact: Fact) -> Iterator[Key]:
    """Whom ``fact`` concerns."""
    for kind in ("agent", "conversation"):
        found = fact.data.get(f"{kind}_id")
        if found is not None:
            yield kind, str(found)
    if "agent_id" in fact.data:
        yield AGENTS, ""
    if fact.type.startswith(_COUNTED):
        yield QUEUES, ""
    if fact.type in FEED_TYPES:
        yield FEED, ""


def _view(text: str) -> View:
    name, _, detail = text.partition(":")
    if name == ITEM and detail:
        try:
            return View(text, ITEM, UUID(detail))
        except ValueError as error:
            raise Refused("invalid", faults=[Fault("/views", "invalid", "item: needs an id.")]) from error
    if text in {ME, DESK, FEED, *BOARDS}:
        return View(text, text)
    raise Refused("invalid", faults=[Fault("/views", "unknown", "There is no such view.")])
