"""A product of two hundred lines that keeps every promise, or breaks one on purpose: what the checker is tried on.

Everything is in memory and follows from one seed. An actor does one thing at a time and may die in the middle of it;
what PostgreSQL would do in one transaction happens between two places where it may die. The last steps are calm.
"""

from __future__ import annotations

import random
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from bench.chaos.checker import Dump, Event, dump
from bench.chaos.checker.history import AgentOp, Assigned, Submit, SubmitResult, Told
from bench.chaos.checker.i7_telling import FEED
from tests.chaos.parts import Died, Hold, Item, Message, Mutant
from tests.chaos.snapshot import snapshot

PARTITIONS, MESSAGES, CONVERSATIONS, CAPACITY, STEPS = 3, 24, 5, 1, 600
DIES, UNSURE = 0.05, 0.1


@dataclass
class Reference:
    """``run`` gives the history and the dump of ``seed``, with ``mutant`` in the code if there is one."""

    seed: int
    mutant: Mutant | None = None
    now: float = 0.0
    calm: bool = False
    history: list[Event] = field(default_factory=list)
    receipts: dict[str, Message] = field(default_factory=dict)
    unpublished: list[Message] = field(default_factory=list)
    streams: dict[str, list[dump.Record]] = field(default_factory=lambda: defaultdict(list))
    positions: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    classified: set[str] = field(default_factory=set)
    quarantine: set[str] = field(default_factory=set)
    inbox: set[str] = field(default_factory=set)
    threads: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    items: list[Item] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    load: dict[str, int] = field(default_factory=lambda: {"ann": 0, "bob": 0})
    facts: list[dump.Fact] = field(default_factory=list)
    published: int = 0

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.unsaid = [Message(n, f"conv-{n % CONVERSATIONS}", n % 11 == 10) for n in range(MESSAGES)]
        self.plans: list[tuple[Item, int, str]] = []
        self.numbers = count(1)

    def run(self) -> tuple[list[Event], Dump]:
        actors = (self.customer, self.relay, self.classifier, self.router, self.plan, self.offer, self.agent)
        for _ in range(STEPS):
            with suppress(Died):
                self.chance.choice((*actors, self.lapse, self.outbox))()
        self.calm = True
        while sum(actor() for actor in (*actors, self.outbox)):
            pass
        self.feed()
        self.now += 100
        return self.history, snapshot(self, capacity=CAPACITY)

    def here_one_may_die(self) -> None:
        if not self.calm and self.chance.random() < DIES:
            raise Died

    def tick(self) -> float:
        self.now += 0.01
        return self.now

    def is_(self, mutant: Mutant) -> bool:
        return self.mutant is mutant

    def customer(self) -> bool:
        if not self.unsaid:
            return False
        said = self.unsaid[0]
        key = {"key": f"key-{said.number}", "sha256": f"hash-{said.number}"}
        self.history.append(Submit(mono=self.tick(), channel="api", conv=said.conv, seq=said.number, **key))
        lost_before, lost_after = (not self.calm and self.chance.random() < UNSURE for _ in range(2))
        if self.is_(Mutant.EARLY_ACK):
            self.unsaid.remove(said)
            self.history.append(SubmitResult(mono=self.tick(), outcome="ok", id=said.id, **key))
            self.here_one_may_die()
        if not lost_before and said.id not in self.receipts:
            self.receipts[said.id] = said
            self.unpublished.append(said)
        self.here_one_may_die()
        if not self.is_(Mutant.EARLY_ACK):
            outcome = "info" if lost_before or lost_after else "ok"
            known = said.id if outcome == "ok" else None
            self.history.append(SubmitResult(mono=self.tick(), outcome=outcome, id=known, **key))
            if outcome == "ok":
                self.unsaid.remove(said)
        return True

    def relay(self) -> bool:
        if not self.unpublished:
            return False
        said = self.unpublished[0]
        self.publish("inquiries.received", f"received-{said.id}", said)
        self.here_one_may_die()
        self.unpublished.pop(0)
        return True

    def classifier(self) -> bool:
        record = self.next_record("classifier", "inquiries.received")
        if record is None:
            return False
        said = self.receipts[record.subject]
        if not said.poison:
            self.publish("inquiries.classified", f"classified-{said.id}", said)
            self.classified.add(record.id)
        elif not self.is_(Mutant.POISON_DROPPED):
            self.quarantine.add(record.id)
        self.here_one_may_die()
        self.positions["classifier", record.partition] += 1
        return True

    def router(self) -> bool:
        record = self.next_record("router", "inquiries.classified")
        if record is None:
            return False
        if self.is_(Mutant.POSITION_FIRST):
            self.positions["router", record.partition] += 1
            self.here_one_may_die()
        if record.id not in self.inbox or self.is_(Mutant.NO_DEDUPE):
            self.take_in(self.receipts[record.subject])
            self.inbox.add(record.id)
        if not self.is_(Mutant.POSITION_FIRST):
            self.positions["router", record.partition] += 1
        return True

    def take_in(self, said: Message) -> None:
        item = next((i for i in self.items if i.conv == said.conv and i.state != "completed"), None)
        opened = item is None
        if item is None:
            item = Item(said.id, said.conv, f"work-{next(self.numbers)}")
            self.items.append(item)
        thread = self.threads[said.conv]
        thread.append(said.id)
        thread.sort(key=list(self.receipts).index)
        place = {"work_item_id": item.id, "conversation_id": said.conv}
        self.record("inquiry.received", said.id, place)
        self.record("inquiry.classified", said.id, place)
        if opened:
            self.record("inquiry.waiting", said.id, item.facts())

    def plan(self) -> bool:
        free = [agent for agent, load in self.load.items() if self.has_room(load)]
        waiting = [item for item in self.items if item.state == "waiting"]
        if not free or not waiting:
            return False
        item = self.chance.choice(waiting)
        self.plans.append((item, item.version, self.chance.choice(free)))
        return True

    def has_room(self, load: int) -> bool:
        return load + 1 <= CAPACITY + self.is_(Mutant.ONE_TOO_MANY)

    def offer(self) -> bool:
        if not self.plans:
            return False
        item, version, agent = self.plans.pop(0)
        true_still = item.state == "waiting" and item.version == version and self.has_room(self.load[agent])
        if true_still or self.is_(Mutant.CHECK_THEN_ASSIGN):
            hold = Hold(f"offer-{next(self.numbers)}", item, agent)
            self.holds.append(hold)
            self.change(item, "offered")
            self.load[agent] += 1
            self.record("offer.made", item.inquiry, hold.facts())
        return True

    def lapse(self) -> bool:
        hold = next((hold for hold in self.holds if hold.state == "open"), None)
        if hold is None or self.chance.random() < 0.5:
            return False
        hold.state = "lapsed"
        self.change(hold.item, "waiting")
        self.load[hold.agent] -= 1
        self.record("offer.lapsed", hold.item.inquiry, hold.facts())
        self.record("inquiry.waiting", hold.item.inquiry, hold.item.facts())
        return True

    def agent(self) -> bool:
        hold = next((hold for hold in self.holds if hold.state in {"open", "accepted"}), None)
        if hold is None:
            return False
        invoked = self.tick()
        op = "accept" if hold.state == "open" else "complete"
        (self.accept if op == "accept" else self.complete)(hold)
        self.here_one_may_die()
        outcome = "ok" if self.calm or self.chance.random() > UNSURE else "info"
        said = {"agent": hold.agent, "work_item": hold.item.id, "invoked": invoked, "mono": self.tick()}
        target = hold.id if op == "accept" else hold.item.id
        self.history.append(AgentOp(op=op, target=target, outcome=outcome, **said))
        return True

    def accept(self, hold: Hold) -> None:
        hold.state, hold.since = "accepted", self.tick()
        self.change(hold.item, "assigned")
        self.record("offer.accepted", hold.item.inquiry, hold.facts())
        self.record("assignment.started", hold.item.inquiry, hold.facts())

    def complete(self, hold: Hold) -> None:
        hold.state, hold.ended_at = "completed", self.tick()
        self.change(hold.item, "completed")
        self.load[hold.agent] -= 1
        self.record("assignment.ended", hold.item.inquiry, hold.facts() | {"state": "completed"})

    def change(self, item: Item, state: str) -> None:
        item.state = state
        item.version += 1
        if self.is_(Mutant.AUDIT_APART):
            self.here_one_may_die()

    def record(self, kind: str, subject: str, data: dict[str, Any]) -> None:
        pos = len(self.facts) + 1
        self.facts.append(dump.Fact(pos=pos, at=self.tick(), type=kind, subject=subject, actor="somebody", data=data))

    def outbox(self) -> bool:
        if self.published == len(self.facts):
            return False
        fact = self.facts[self.published]
        place = len(self.streams["routing.events"])
        told = {"id": self.event_id(fact), "subject": fact.subject, "type": fact.type, "sequence": fact.pos}
        self.streams["routing.events"].append(
            dump.Record(stream="routing.events", partition=0, position=place, key="one", **told)
        )
        self.here_one_may_die()
        self.published += 1
        return True

    def event_id(self, fact: dump.Fact) -> str:
        return f"event-{next(self.numbers) if self.is_(Mutant.NEW_IDS) else fact.pos}"

    def feed(self) -> None:
        for fact in self.facts:
            if fact.type in FEED:
                kind = Assigned if fact.type.startswith(("offer.", "assignment.")) else Told
                told = {"id": self.event_id(fact), "subject": fact.subject, "type": fact.type, "data": fact.data}
                again = 1 + (self.chance.random() < UNSURE)
                self.history += [kind(mono=self.tick(), sequence=fact.pos, **told)] * again

    def publish(self, stream: str, event_id: str, said: Message) -> None:
        partition = said.number % CONVERSATIONS % PARTITIONS
        if self.is_(Mutant.RANDOM_PARTITION):
            partition = self.chance.randrange(PARTITIONS)
        position = sum(record.partition == partition for record in self.streams[stream])
        place = {"stream": stream, "partition": partition, "position": position}
        self.streams[stream].append(dump.Record(id=event_id, key=said.conv, subject=said.id, **place))

    def next_record(self, group: str, stream: str) -> dump.Record | None:
        waiting = (r for r in self.streams[stream] if r.position == self.positions[group, r.partition])
        return next(waiting, None)
