"""Waiting work, agents and open offers in memory. Pure: a snapshot, then facts folded in order of position.

What is proposed here is a wish: the journal writes it on condition that memory was right, and the facts that it writes
come back through the fold like everybody else's. In between, the item is pending and the agent holds it already.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator
from datetime import datetime

from services.router.decide.order import rank
from services.router.decide.refusals import Refusals, refusals
from services.router.decide.relaxation import relaxed, step_at
from services.router.decide.staffing import Staffing, staff
from services.router.decide.work import AgentView
from services.router.dispatch.agents import Agent, Holding
from services.router.dispatch.classes import Classes
from services.router.dispatch.items import Entry, OpenOffer, WaitingClass, entry_of_row
from services.router.dispatch.snapshot import AgentRow, Snapshot
from shared.domain.work import Presence

Requirements = tuple[tuple[str, int], ...]


class Pool:
    """``needs_rebuild`` is set when a fact speaks of something that memory does not know."""

    def __init__(self, snapshot: Snapshot, now: datetime) -> None:
        self.position = snapshot.position
        self.rule_set = snapshot.rule_set
        self.needs_rebuild = False
        self.agents: dict[str, Agent] = {}
        self.views: dict[str, AgentView] = {}
        self.entries: dict[str, Entry] = {}
        self.offers: dict[str, OpenOffer] = {}
        self.classes = Classes(self._fits)
        self._classes_stale = False
        self._staffings: dict[Requirements, Staffing] = {}
        self._checks: list[tuple[datetime, str]] = []
        self._expiries: list[tuple[datetime, str]] = []
        self._outdated: deque[str] = deque()
        self._load(snapshot, now)

    def _load(self, snapshot: Snapshot, now: datetime) -> None:
        for row in snapshot.agents:
            self.agents[row.id] = Agent(row.id, dict(row.skills), row.capacity, Presence(row.presence), row.idle_since)
        for item in snapshot.items:
            self.entries[item.id] = entry_of_row(item, now)
        for work in snapshot.assignments:
            self.hold(work.agent_id, work.work_item_id, work.weight)
        for made in snapshot.offers:
            self.open_offer(OpenOffer(made.id, made.work_item_id, made.agent_id, made.made_at, made.expires_at))
        for row in snapshot.agents:
            self._explain_load(row)
        for entry in self.entries.values():
            if entry.ready:
                self.put(entry, now)

    def _explain_load(self, row: AgentRow) -> None:
        agent = self.agents[row.id]
        agent.unexplained = row.load - agent.load
        self.refresh(agent)

    def hold(self, agent_id: str, item_id: str, weight: int, offer_id: str | None = None) -> None:
        """The agent has the item, in work or, with an offer's id, on offer."""
        agent, entry = self.agents.get(agent_id), self.entries.get(item_id)
        if agent is None or entry is None:
            self.needs_rebuild = True
            return
        agent.holdings[item_id] = Holding(weight, entry.item.one_at_a_time, offer_id)
        self.refresh(agent)

    def give_back(
        self, agent_id: str, item_id: str, *, offer_id: str | None = None, idle_since: datetime | None = None
    ) -> None:
        """The agent no longer has the item, if it was held as said: by this offer, or in work."""
        agent = self.agents.get(agent_id)
        held = agent.holdings.get(item_id) if agent else None
        if agent is None or held is None or held.offer_id != offer_id:
            return
        del agent.holdings[item_id]
        agent.idle_since = idle_since or agent.idle_since
        self.refresh(agent)

    def open_offer(self, offer: OpenOffer) -> None:
        """An offer is before an agent, until it is closed or expires."""
        entry = self.entries.get(offer.item_id)
        self.offers[offer.id] = offer
        heapq.heappush(self._expiries, (offer.expires_at, offer.id))
        self.hold(offer.agent_id, offer.item_id, entry.item.weight if entry else 0, offer.id)

    def put(self, entry: Entry, now: datetime) -> None:
        """Let a ready entry wait in its class, and be looked at again at its next check."""
        self.classify(entry, now)
        heapq.heappush(self._checks, (entry.next_check_at, entry.item.id))
        if entry.rule_set != self.rule_set:
            self._outdated.append(entry.item.id)

    def classify(self, entry: Entry, now: datetime) -> Refusals:
        """Move a ready entry to the class that time has brought it to; the refusals that hold are the answer."""
        item, step = entry.item, step_at(entry.item, now)
        requires = tuple(sorted(relaxed(item.requires, step).items()))
        refused = refusals(item, self.staffing(requires).capable, now)
        waits_in = WaitingClass(
            requires=requires,
            weight=item.weight,
            one_at_a_time=item.one_at_a_time,
            refused=refused.declined | refused.lapsed,
            last_resort=refused.last_resort,
            step=step,
        )
        if entry.waits_in != waits_in:
            entry.waits_in = waits_in
            self.classes.put(waits_in, rank(item))
        return refused

    def reserve(self, entry: Entry, agent_id: str, offer_id: str) -> None:
        """An offer is about to be written: nobody else gets the item, the agent gets nothing else."""
        entry.pending = True
        self.hold(agent_id, entry.item.id, entry.item.weight, offer_id)

    def release(self, item_id: str, agent_id: str, offer_id: str, now: datetime) -> None:
        """The offer was not written and memory has caught up since: item and agent are free as far as it knows."""
        self.give_back(agent_id, item_id, offer_id=offer_id)
        entry = self.entries.get(item_id)
        if entry is not None and entry.pending:
            entry.pending, entry.waits_in = False, None
            if entry.ready:
                self.put(entry, now)

    def refresh(self, agent: Agent) -> None:
        """Let deciding see the agent as of now."""
        self.views[agent.id] = agent.view()

    def forget_staffing(self) -> None:
        """Skills have changed, or somebody is new."""
        self._staffings.clear()
        self._classes_stale = True

    def reclassify(self, now: datetime) -> None:
        """After a change of skills: who may be asked, and who else could, has to be seen anew for everything."""
        if self._classes_stale:
            self._classes_stale = False
            for entry in self.entries.values():
                if entry.ready:
                    self.classify(entry, now)

    def staffing(self, requires: Requirements) -> Staffing:
        """Who holds ``requires``."""
        found = self._staffings.get(requires)
        if found is None:
            found = self._staffings[requires] = staff(dict(requires), self._all_views())
        return found

    def publish(self, rule_set: int) -> None:
        """Another rule set is live: whatever waits was routed by one that no longer is."""
        self.rule_set = rule_set
        self._outdated = deque(entry.item.id for entry in self.entries.values() if entry.ready)

    def outdated(self, limit: int) -> list[Entry]:
        """At most ``limit`` waiting entries that another rule set than the live one has routed, each once."""
        found: dict[str, Entry] = {}
        while self._outdated and len(found) < limit:
            entry = self.entries.get(self._outdated.popleft())
            if entry is not None and entry.ready and entry.rule_set != self.rule_set:
                found[entry.item.id] = entry
        return list(found.values())

    @property
    def has_outdated(self) -> bool:
        """Whether it is worth asking for them."""
        return bool(self._outdated)

    def ripe(self, now: datetime) -> Iterator[Entry]:
        """The waiting entries whose next check has come, each once."""
        while self._checks and self._checks[0][0] <= now:
            at, item_id = heapq.heappop(self._checks)
            entry = self.entries.get(item_id)
            if entry is not None and entry.ready and entry.next_check_at == at:
                yield entry

    def expired(self, now: datetime) -> Iterator[OpenOffer]:
        """The open offers whose time is over, each once."""
        while self._expiries and self._expiries[0][0] <= now:
            offer = self.offers.get(heapq.heappop(self._expiries)[1])
            if offer is not None:
                yield offer

    def stranded(self) -> Iterator[OpenOffer]:
        """The open offers before agents who have left."""
        for offer in self.offers.values():
            agent = self.agents.get(offer.agent_id)
            if agent is not None and agent.presence in {Presence.AWAY, Presence.OFFLINE}:
                yield offer

    def _all_views(self) -> Iterator[AgentView]:
        return (agent.view() for agent in self.agents.values())

    def _fits(self, item_id: str, waits_in: WaitingClass) -> bool:
        entry = self.entries.get(item_id)
        return entry is not None and entry.ready and entry.waits_in == waits_in
