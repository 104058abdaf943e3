"""A model of the router's tables: the same conditions as the SQL, with its asserts on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.router.decide.facts import Facts
from services.router.dispatch.snapshot import AgentRow, AssignmentRow, ItemRow, OfferRow, Snapshot
from services.router.store.events import Recorded
from shared.domain.work import ONE_AT_A_TIME
from tests.router.dispatch.tables import OFFER_SECONDS, Tables


@dataclass
class Model(Tables):
    """The tables as a journal for ``Term``."""

    before_write: Callable[[], None] | None = None

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

    def _intrude(self) -> None:
        intruder, self.before_write = self.before_write, None
        if intruder is not None:
            intruder()

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


class Uncounted:
    """Gauges that nobody reads."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_: None
