"""Follow ``routing.events``: what GET answers of each inquiry, which receipts are routed, which chats are in hand.

Folding is pure (``fold``); rows are guarded by the router's position, so repeats and stragglers change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

from services.ingest.store import chat
from services.ingest.store import status as store
from services.ingest.store.status import InquiryStatus, WorkState
from shared.catalogue import check_type
from shared.database.connection import Held
from shared.errors import Undecodable
from shared.events import CloudEvent, event_type

GROUP = "ingest.status"

Data = dict[str, Any]
Told = Mapping[str, Any]


class StatusKeeper:
    """Keeps what the router says."""

    def __init__(self, *, database_url: str) -> None:
        self._held = Held(database_url, name=GROUP, hot=True)

    async def handle(self, events: Sequence[CloudEvent]) -> None:
        """Fold ``events`` into what is kept; all or nothing.

        Raises:
            Undecodable: an event lacks what its type promises, or its type is of no version that we know.
            DatabaseUnavailable: nothing is kept; hand the same in again.
        """
        for event in events:
            check_type(event.type)
        known = [event for event in events if event.type in _INQUIRY_FOLDS or event.type in _WORK_FOLDS]
        async with self._held.use() as connection, connection.transaction():
            statuses = await store.inquiries(connection, _ids(known, "inquiry_id", _INQUIRY_FOLDS))
            works = await store.work(connection, _ids(known, "work_item_id", _WORK_FOLDS))
            for event in known:
                fold(event, statuses, works)
            await store.keep(connection, list(statuses.values()), list(works.values()))
            taken = [str(event.data["inquiry_id"]) for event in known if event.type == _TAKEN]
            if taken:
                await chat.mark_accepted(connection, taken)

    async def close(self) -> None:
        """Release the connection."""
        await self._held.close()


def fold(event: CloudEvent, statuses: dict[UUID, InquiryStatus], works: dict[UUID, WorkState]) -> None:
    """Put one event into the rows that it changes, unless they are past it.

    Raises:
        Undecodable: a part is missing or is not what it should be.
    """
    try:
        pos = int(event.extensions["sequence"])
        if event.type in _INQUIRY_FOLDS:
            inquiry_id = UUID(event.data["inquiry_id"])
            status = statuses.get(inquiry_id) or InquiryStatus(inquiry_id, 0, "received", event.time)
            if status.pos < pos:
                changes = _INQUIRY_FOLDS[event.type](event.data)
                statuses[inquiry_id] = replace(status, pos=pos, updated_at=event.time, **changes)
        if event.type in _WORK_FOLDS:
            work_id = UUID(event.data["work_item_id"])
            work = works.get(work_id) or WorkState(work_id, 0, "waiting", event.time)
            if work.pos < pos:
                changes = _WORK_FOLDS[event.type](event.data, work)
                version = int(event.data["version"])
                works[work_id] = replace(work, pos=pos, updated_at=event.time, version=version, **changes)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Undecodable(f"{event.type} does not fit: {error!r}") from error


def _ids(events: Sequence[CloudEvent], name: str, folds: dict[str, Any]) -> set[UUID]:
    found = set()
    for event in events:
        if event.type in folds:
            with suppress(KeyError, ValueError, AttributeError):  # ``fold`` tells what is wrong with it
                found.add(UUID(event.data[name]))
    return found


def _places(data: Told) -> Data:
    """Conversation and work item, where the event names them; an earlier one is never forgotten."""
    named = {name: data.get(name) for name in ("conversation_id", "work_item_id")}
    return {name: UUID(value) for name, value in named.items() if value}


def _received(data: Told) -> Data:
    return _places(data)


def _classified(data: Told) -> Data:
    return _places(data) | {"state": "classified", "classification": data["classification"]}


def _closed(data: Told) -> Data:
    return _places(data) | {"state": "closed", "reason": data.get("reason")}


def _waiting(data: Told, _: WorkState) -> Data:
    requires = [{"skill": skill, "level": level} for skill, level in sorted(data["requires"].items())]
    routing = {name: data[name] for name in ("queue", "rule", "rule_set", "due", "waiting")} | {"requires": requires}
    return {"state": "waiting", "routing": routing, "offer": None, "assignment": None}


def _offered(data: Told, work: WorkState) -> Data:
    offer = {"id": data["offer_id"], "agent_id": data["agent_id"], "expires_at": data["expires_at"]}
    return {"state": "offered", "offer": offer, "routing": _not_waiting(work), "agents": _agents(data, work)}


def _offer_ended(_: Told, work: WorkState) -> Data:
    return {"state": "waiting" if work.state == "offered" else work.state, "offer": None}


def _assigned(data: Told, work: WorkState) -> Data:
    assignment = {"id": data["assignment_id"], "agent_id": data["agent_id"], "since": data["since"]}
    changed = {"state": "assigned", "assignment": assignment, "offer": None, "routing": _not_waiting(work)}
    return changed | {"agents": _agents(data, work)}


def _assignment_ended(data: Told, _: WorkState) -> Data:
    return {"state": data["state"], "assignment": None, "outcome": data.get("outcome")}


def _agents(data: Told, work: WorkState) -> str:
    return " ".join(dict.fromkeys([*work.agents.split(), str(UUID(data["agent_id"]))]))


def _not_waiting(work: WorkState) -> Data | None:
    return work.routing | {"waiting": None} if work.routing else None


_TAKEN = event_type("assignment.started")

_INQUIRY_FOLDS: dict[str, Callable[[Told], Data]] = {
    event_type("inquiry.received"): _received,
    event_type("inquiry.classified"): _classified,
    event_type("inquiry.closed"): _closed,
}
"""Event type → the fields of the inquiry's own row that it sets."""

_WORK_FOLDS: dict[str, Callable[[Told, WorkState], Data]] = {
    event_type("inquiry.waiting"): _waiting,
    event_type("offer.made"): _offered,
    event_type("offer.accepted"): _offer_ended,
    event_type("offer.declined"): _offer_ended,
    event_type("offer.lapsed"): _offer_ended,
    event_type("offer.withdrawn"): _offer_ended,
    _TAKEN: _assigned,
    event_type("assignment.ended"): _assignment_ended,
}
"""Event type → the fields of the work's row that it sets."""
