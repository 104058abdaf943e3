"""The facts that the dispatcher writes, from the rows that its statements return."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.router.store.events import Fact

ACTOR = "dispatcher"


def offer_made(row: Mapping[str, Any]) -> Fact:
    """An item was put before an agent."""
    times = {name: row[name].isoformat() for name in ("made_at", "expires_at")}
    plain = {"queue": row["queue"], "weight": row["weight"], "decision_id": str(row["decision_id"])}
    return _fact("offer.made", row, _offer(row) | plain | times)


def offer_closed(row: Mapping[str, Any], state: str, reason: str | None) -> Fact:
    """An offer is over: ``lapsed`` or ``withdrawn``."""
    ended = {"weight": row["weight"], "reason": reason, "ended_at": _iso(row["ended_at"])}
    return _fact(f"offer.{state}", row, _offer(row) | ended)


def inquiry_waiting(row: Mapping[str, Any]) -> Fact:
    """An item waits: by which route, why, and until when it is looked at again."""
    route = row["route"]
    data = _item(row) | {
        "queue": row["queue"],
        "rule": route["rule"],
        "rule_set": route["rule_set"],
        "requires": route["requires"],
        "prefers": route["prefers"],
        "weight": row["item_weight"],
        "channel": row["channel"],
        "language": row["language"],
        "topic": row["topic"],
        "urgency": row["urgency"],
        "priority": route["priority"],
        "due": {
            "first_response_at": _iso(row["first_response_due"]),
            "resolution_at": _iso(row["resolution_due"]),
        },
        "waiting": {"reason": row["waiting_reason"], "next_check_at": _iso(row["next_check_at"])},
        "declined_by": [str(agent) for agent in row["declined_by"]],
        "received_at": _iso(row["received_at"]),
        "waiting_since": _iso(row["waiting_since"]),
    }
    return _fact("inquiry.waiting", row, data)


def presence_changed(row: Mapping[str, Any]) -> Fact:
    """An agent's presence ran out."""
    data = {
        "agent_id": str(row["id"]),
        "state": row["presence"],
        "source": row["presence_source"],
        "until": None,
        "capacity": row["capacity"],
        "load": row["load"],
        "version": row["version"],
    }
    return Fact("presence.changed", str(row["id"]), str(row["id"]), data, actor=ACTOR)


def _item(row: Mapping[str, Any]) -> dict[str, Any]:
    ids = {name: str(row[name]) for name in ("work_item_id", "inquiry_id", "conversation_id")}
    return ids | {"version": row["version"]}


def _offer(row: Mapping[str, Any]) -> dict[str, Any]:
    return _item(row) | {"offer_id": str(row["offer_id"]), "agent_id": str(row["agent_id"])}


def _fact(kind: str, row: Mapping[str, Any], data: dict[str, Any]) -> Fact:
    return Fact(kind, str(row["inquiry_id"]), str(row["conversation_id"]), data, actor=ACTOR)


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None
