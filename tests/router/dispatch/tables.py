"""The router's tables in dictionaries, their facts, and what agents, customers and supervisors do to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from services.router.store.events import Fact, Recorded
from shared.clock import ManualClock
from shared.domain.work import WEIGHTS

OFFER_SECONDS = 30


@dataclass
class Tables:
    """The rows by their ids, and the commands of everybody but the dispatcher."""

    clock: ManualClock
    agents: dict[str, dict[str, Any]] = field(default_factory=dict)
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    offers: dict[str, dict[str, Any]] = field(default_factory=dict)
    assignments: list[dict[str, Any]] = field(default_factory=list)
    facts: list[Recorded] = field(default_factory=list)
    rule_set: int = 1

    def add_agent(self, name: str, skills: dict[str, int]) -> None:
        now = self.clock.now()
        self.agents[name] = {
            "id": name,
            "skills": skills,
            "capacity": 100,
            "load": 0,
            "presence": "offline",
            "idle_since": now,
            "until": now + timedelta(days=365),
        }
        self.add_fact("agent.changed", agent_id=name, skills=skills, capacity=100, version=1)

    def change_agent(self, name: str, skills: dict[str, int], capacity: int) -> None:
        self.agents[name] |= {"skills": skills, "capacity": capacity}
        self.add_fact("agent.changed", agent_id=name, skills=skills, capacity=capacity, version=1)

    def presence(self, name: str, state: str, seconds: int = 31_536_000) -> None:
        row = self.agents[name]
        if state == "available" and row["presence"] != state:
            row["idle_since"] = self.clock.now()
        row |= {"presence": state, "until": self.clock.now() + timedelta(seconds=seconds)}
        self.add_fact("presence.changed", agent_id=name, state=state, capacity=row["capacity"], load=row["load"])

    def publish(self) -> None:
        self.rule_set += 1
        self.add_fact("ruleset.published", version=self.rule_set)

    def arrive(self, channel: str, requires: dict[str, int], *, urgency: int = 2, late: bool = False) -> str:
        """``late``: routed by a rule set that was live when the worker began."""
        item_id, now = f"item-{len(self.items)}", self.clock.now()
        self.items[item_id] = {
            "id": item_id,
            "inquiry_id": f"inquiry-{len(self.items)}",
            "state": "waiting",
            "version": 0,
            "channel": channel,
            "language": "de",
            "topic": "billing",
            "urgency": urgency,
            "queue": "general",
            "weight": WEIGHTS[channel],
            "route": {
                "rule": "r",
                "rule_set": self.rule_set - late,
                "requires": requires,
                "prefers": {},
                "priority": 0,
            },
            "received_at": now,
            "first_response_due": now + timedelta(hours=1),
            "waiting_reason": None,
            "next_check_at": None,
            "declined": {},
            "lapsed": {},
        }
        self._waits(self.items[item_id], "being_matched", now + timedelta(seconds=1))
        return item_id

    def accept(self, offer: dict[str, Any]) -> None:
        offer["state"] = "accepted"
        item = self._move(offer["work_item_id"], "assigned")
        self.add_fact("offer.accepted", **self._about(item, offer), offer_id=offer["id"])
        self._start(item, offer["agent_id"])

    def decline(self, offer: dict[str, Any]) -> None:
        self._closed(offer, "declined", "too_much")

    def assign(self, item_id: str, name: str) -> None:
        item = self.items[item_id]
        if self.agents[name]["load"] + item["weight"] > self.agents[name]["capacity"]:
            return
        self.agents[name]["load"] += item["weight"]
        self._start(self._move(item_id, "assigned"), name)

    def complete(self, assignment: dict[str, Any]) -> None:
        self._end(assignment, self._move(assignment["work_item_id"], "completed"))

    def requeue(self, assignment: dict[str, Any]) -> None:
        item = self._move(assignment["work_item_id"], "waiting")
        self._end(assignment, item)
        self._waits(item, "requeued", self.clock.now())

    def open_offers(self) -> list[dict[str, Any]]:
        return [row for row in self.offers.values() if row["state"] == "open"]

    def open_assignments(self) -> list[dict[str, Any]]:
        return [row for row in self.assignments if not row["ended"]]

    def waiting(self) -> list[dict[str, Any]]:
        return [row for row in self.items.values() if row["state"] == "waiting"]

    def held_by(self, name: str) -> list[dict[str, Any]]:
        held = [*self.open_offers(), *self.open_assignments()]
        return [self.items[row["work_item_id"]] for row in held if row["agent_id"] == name]

    def add_fact(self, kind: str, **data: Any) -> None:
        fact = Fact(kind, data.get("inquiry_id", "-"), "key", data)
        self.facts.append(Recorded(pos=len(self.facts) + 1, at=self.clock.now(), fact=fact))

    def _move(self, item_id: str, state: str) -> dict[str, Any]:
        item = self.items[item_id]
        item |= {"state": state, "version": item["version"] + 1, "waiting_reason": None, "next_check_at": None}
        return item

    def _about(self, item: dict[str, Any], holder: dict[str, Any]) -> dict[str, Any]:
        return {
            "work_item_id": item["id"],
            "inquiry_id": item["inquiry_id"],
            "version": item["version"],
            "agent_id": holder["agent_id"],
            "weight": item["weight"],
        }

    def _closed(self, offer: dict[str, Any], state: str, reason: str) -> None:
        offer["state"] = state
        now, agent = self.clock.now(), offer["agent_id"]
        self.agents[agent]["load"] -= offer["weight"]
        self.agents[agent]["idle_since"] = now
        item = self._move(offer["work_item_id"], "waiting")
        if state == "declined":
            item["declined"] = {**item["declined"], agent: now}
        if state == "lapsed":
            item["lapsed"] = {**item["lapsed"], agent: now + timedelta(seconds=OFFER_SECONDS)}
        self.add_fact(f"offer.{state}", **self._about(item, offer), offer_id=offer["id"], reason=reason)
        item["version"] -= 1
        self._waits(item, f"offer_{state}", now + timedelta(seconds=1))

    def _start(self, item: dict[str, Any], name: str) -> None:
        row = {"work_item_id": item["id"], "agent_id": name, "weight": item["weight"], "ended": False}
        assert not [held for held in self.open_assignments() if held["work_item_id"] == item["id"]], "never double"
        self.assignments.append(row)
        self.add_fact("assignment.started", **self._about(item, row))

    def _end(self, assignment: dict[str, Any], item: dict[str, Any]) -> None:
        assignment["ended"] = True
        self.agents[assignment["agent_id"]]["load"] -= assignment["weight"]
        self.agents[assignment["agent_id"]]["idle_since"] = self.clock.now()
        self.add_fact("assignment.ended", **self._about(item, assignment), state=item["state"])

    def _waits(self, item: dict[str, Any], reason: str, next_check_at: datetime) -> None:
        item |= {"version": item["version"] + 1, "waiting_reason": reason, "next_check_at": next_check_at}
        route = item["route"]
        self.add_fact(
            "inquiry.waiting",
            **{name: item[name] for name in ("inquiry_id", "version", "queue", "weight", "channel", "language")},
            **{name: route[name] for name in ("rule", "rule_set", "requires", "prefers", "priority")},
            work_item_id=item["id"],
            topic=item["topic"],
            urgency=item["urgency"],
            due={"first_response_at": _text(item["first_response_due"]), "resolution_at": None},
            waiting={"reason": reason, "next_check_at": next_check_at.isoformat()},
            declined_by=list(item["declined"]),
            received_at=item["received_at"].isoformat(),
        )


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
