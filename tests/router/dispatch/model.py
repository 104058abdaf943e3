"""A model of the router's tables: the same conditions as the SQL, in dictionaries, with its asserts on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from services.router.decide.facts import Facts
from services.router.dispatch.snapshot import AgentRow, AssignmentRow, ItemRow, OfferRow, Snapshot
from services.router.store.events import Fact, Recorded
from shared.clock import ManualClock
from shared.domain.work import ONE_AT_A_TIME, WEIGHTS

OFFER_SECONDS = 30


@dataclass
class Model:
    """The tables and the facts; a journal for ``Term``, and the commands of agents and supervisors."""

    clock: ManualClock
    agents: dict[str, dict[str, Any]] = field(default_factory=dict)
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    offers: dict[str, dict[str, Any]] = field(default_factory=dict)
    assignments: list[dict[str, Any]] = field(default_factory=list)
    facts: list[Recorded] = field(default_factory=list)
    rule_set: int = 1
    before_write: Callable[[], None] | None = None

    # What the dispatcher reads and writes.

    async def snapshot(self) -> Snapshot:
        return Snapshot(
            position=len(self.facts),
            rule_set=self.rule_set,
            agents=[AgentRow(**{name: row[name] for name in AgentRow.__slots__}) for row in self.agents.values()],
            items=[
                ItemRow(**{name: row[name] for name in ItemRow.__slots__})
                for row in self.items.values()
                if row["state"] in {"waiting", "offered", "assigned"}
            ],
            offers=[OfferRow(**{name: row[name] for name in OfferRow.__slots__}) for row in self.open_offers()],
            assignments=[
                AssignmentRow(row["work_item_id"], row["agent_id"], row["weight"]) for row in self.open_assignments()
            ],
        )

    async def facts_after(self, position: int, *, limit: int) -> list[Recorded]:
        return self.facts[position : position + limit]

    async def loads(self) -> tuple[int, dict[str, tuple[int, str]]]:
        return len(self.facts), {row["id"]: (row["load"], row["presence"]) for row in self.agents.values()}

    async def expire_presence(self, now: datetime) -> bool:
        gone = [row for row in self.agents.values() if row["presence"] != "offline" and row["until"] <= now]
        for row in gone:
            self.presence(row["id"], "offline")
        return bool(gone)

    async def offer(self, proposals: Any) -> list[dict[str, Any]]:
        self._intrude()
        made = []
        for wish in proposals:
            item, agent = self.items[wish.item_id], self.agents[wish.agent_id]
            current = item["state"] == "waiting" and item["version"] == wish.version
            fits = agent["presence"] == "available" and agent["load"] + item["weight"] <= agent["capacity"]
            held = {other["channel"] for other in self.held_by(agent["id"])}
            attentive = item["channel"] in ONE_AT_A_TIME and not ONE_AT_A_TIME.isdisjoint(held)
            if current and fits and not attentive:
                made.append(self._made(item, agent, wish))
        return made

    async def close(self, offers: Any, *, state: str, reason: str, now: datetime) -> set[str]:
        closed = set()
        for wish in offers:
            offer = self.offers[wish.id]
            if offer["state"] == "open" and (state != "lapsed" or offer["expires_at"] <= now):
                self._closed(offer, state, reason)
                closed.add(wish.id)
        return closed

    async def wait(self, checks: Any) -> set[str]:
        self._intrude()
        written = set()
        for found in checks:
            item = self.items[found.item_id]
            if item["state"] == "waiting" and item["version"] == found.version:
                assert self.clock.now() < found.next_check_at <= self.clock.now() + timedelta(seconds=60)
                self._waits(item, found.reason, found.next_check_at)
                written.add(found.item_id)
        return written

    async def routed(self, ids: Any) -> dict[str, tuple[Facts, str]]:
        names = ("topic", "language", "urgency", "channel")
        return {
            item_id: (
                Facts(**{name: self.items[item_id][name] for name in names}, confidence=0.9, abstained=False),
                self.items[item_id]["route"]["rule"],
            )
            for item_id in ids
        }

    async def reroute(self, ways: Any, now: datetime) -> set[str]:
        self._intrude()
        written = set()
        for entry, way in ways:
            item = self.items[entry.item.id]
            if item["state"] == "waiting" and item["version"] == entry.item.version:
                item |= {"queue": way.queue, "route": way.to_json(), "weight": way.weight}
                item |= {"first_response_due": way.first_response_due}
                self._waits(item, "rerouted", now + timedelta(seconds=1))
                written.add(entry.item.id)
        return written

    async def overflow(self, moves: Any, now: datetime) -> set[str]:
        assert not moves, "the rules of the model have no overflow"
        return set()

    # What others do.

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

    # How.

    def _intrude(self) -> None:
        intruder, self.before_write = self.before_write, None
        if intruder is not None:
            intruder()

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

    def _made(self, item: dict[str, Any], agent: dict[str, Any], wish: Any) -> dict[str, Any]:
        held = self.held_by(agent["id"])
        assert not [offer for offer in self.open_offers() if offer["agent_id"] == agent["id"]], "one offer an agent"
        one = item["channel"] in ONE_AT_A_TIME and not ONE_AT_A_TIME.isdisjoint(other["channel"] for other in held)
        assert not one, "one mail in work at a time"
        assert wish.offer_id not in self.offers, "an offer is made once"
        assert not [open_ for open_ in self.open_offers() if open_["work_item_id"] == item["id"]], "never double"
        self._move(item["id"], "offered")
        agent["load"] += item["weight"]
        now = self.clock.now()
        offer = self.offers[wish.offer_id] = {
            "id": wish.offer_id,
            "work_item_id": item["id"],
            "agent_id": agent["id"],
            "weight": item["weight"],
            "state": "open",
            "made_at": now,
            "expires_at": now + timedelta(seconds=OFFER_SECONDS),
        }
        times = {name: offer[name].isoformat() for name in ("made_at", "expires_at")}
        self.add_fact("offer.made", **self._about(item, offer), offer_id=offer["id"], **times)
        return {**item, **offer, "offer_id": offer["id"]}

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


class Uncounted:
    """Gauges that nobody reads."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_: None
