"""The stores of a simulated world, as the checker wants them: one instant, read past all faults."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from bench.chaos.checker.dump import Agent, Assignment, Dump, Fact, Inquiry, Offer, Progress, Record, WorkItem
from bench.simulator.world import START, World
from services.classifier.service import GROUP as CLASSIFIER
from services.ingest.status import GROUP as STATUS
from services.router.service import GROUP as ROUTER
from shared.domain.ids import derived_id
from shared.events import CLASSIFIED, RECEIVED, ROUTING

Row = Mapping[str, Any]
Rows = dict[str, list[Row]]
_QUERIES = {
    "inquiries": """
        SELECT r.id, r.seq, coalesce(w.state, s.state, 'received') AS state, s.reason, s.conversation_id, b.bytes,
            greatest(r.received_at, s.updated_at, w.updated_at) AS since
        FROM ingest.receipt r JOIN ingest.raw b ON b.id = r.raw_id LEFT JOIN ingest.status s ON s.inquiry_id = r.id
        LEFT JOIN ingest.work_state w ON w.work_item_id = s.work_item_id ORDER BY r.seq""",
    "messages": """
        SELECT conversation_id, inquiry_id FROM router.message WHERE inquiry_id IS NOT NULL ORDER BY seq, at, id""",
    "items": "SELECT * FROM router.work_item ORDER BY received_at, id",
    "offers": """
        SELECT o.*, (d.body->>'relaxation_step')::int AS step FROM router.offer o
        LEFT JOIN router.decision d ON d.id = o.decision_id ORDER BY o.made_at, o.id""",
    "assignments": "SELECT * FROM router.assignment ORDER BY since, id",
    "agents": "SELECT * FROM router.agent ORDER BY username",
    "facts": "SELECT * FROM router.events ORDER BY pos",
    "positions": "SELECT part, pos FROM router.position WHERE stream = 'inquiries.classified' ORDER BY part",
    "inbox": "SELECT event_id FROM router.inbox",
    "quarantine": "SELECT stage, event_id, subject FROM log.quarantine",
    "parked": """
        SELECT p.stage, p.event_id, p.subject, p.key, first_value(p.due_at) OVER (PARTITION BY stage, key ORDER BY id)
            AS due_at FROM log.parked p ORDER BY id""",
    "status": "SELECT inquiry_id::text AS id, pos FROM ingest.status",
    "work": "SELECT work_item_id::text AS id, pos FROM ingest.work_state",
    "published": "SELECT pos FROM router.outbox_position",
}
_ABOUT_PROGRESS = ("positions", "inbox", "quarantine", "parked", "status", "work")


async def look(world: World) -> Dump:
    """Everything there is now."""
    rows = {name: await world.read(query) for name, query in _QUERIES.items()}
    records = list(_records(world))
    return Dump(
        at=world.loop.time(),
        inquiries=list(_inquiries(rows)),
        messages=_messages(rows),
        work_items=[_item(row) for row in rows["items"]],
        offers=[_offer(row) for row in rows["offers"]],
        assignments=[_assignment(row) for row in rows["assignments"]],
        agents=[_agent(row) for row in rows["agents"]],
        facts=[_fact(row) for row in rows["facts"]],
        records=records,
        progress=list(_progress(world, rows)),
        effects=_effects(world, rows),
        published=rows["published"][0]["pos"],
        parked={row["key"]: _seconds(row["due_at"]) for row in rows["parked"]},
    )


async def progress(world: World) -> Dump:
    """No more than is needed to tell whether a position is ahead of its effect."""
    rows = {name: await world.read(_QUERIES[name]) for name in _ABOUT_PROGRESS}
    return Dump(
        at=world.loop.time(),
        records=list(_records(world)),
        progress=list(_progress(world, rows)),
        effects=_effects(world, rows),
    )


def _inquiries(rows: Rows) -> Iterator[Inquiry]:
    given_up = {row["subject"] for row in rows["quarantine"]}
    waits = {row["subject"]: _seconds(row["due_at"]) for row in rows["parked"]}
    for row in rows["inquiries"]:
        stopped = row["state"] in {"received", "classified"} and str(row["id"]) in given_up
        yield Inquiry(
            id=str(row["id"]),
            sha256=hashlib.sha256(row["bytes"]).hexdigest(),
            state="quarantined" if stopped else row["state"],
            accepted=row["seq"],
            since=max(_seconds(row["since"]), waits.get(str(row["id"]), 0.0)),  # what is parked is judged as parked
            conversation=_text(row["conversation_id"]),
            reason=row["reason"],
        )


def _messages(rows: Rows) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows["messages"]:
        found[str(row["conversation_id"])].append(str(row["inquiry_id"]))
    return found


def _item(row: Row) -> WorkItem:
    return WorkItem(
        id=str(row["id"]),
        inquiry=str(row["inquiry_id"]),
        conversation=str(row["conversation_id"]),
        state=row["state"],
        version=row["version"],
        weight=row["weight"],
        waiting_since=_seconds(row["waiting_since"]),
        waiting_reason=row["waiting_reason"],
        next_check_at=_seconds(row["next_check_at"]) if row["next_check_at"] else None,
        requires=row["route"]["requires"],
        refused_by=frozenset(str(agent) for agent in (*row["declined_by"], *row["lapsed_by"])),
    )


def _offer(row: Row) -> Offer:
    return Offer(
        id=str(row["id"]),
        work_item=str(row["work_item_id"]),
        agent=str(row["agent_id"]),
        weight=row["weight"],
        state=row["state"],
        expires_at=_seconds(row["expires_at"]),
        step=row["step"] or 0,
    )


def _assignment(row: Row) -> Assignment:
    return Assignment(
        id=str(row["id"]),
        work_item=str(row["work_item_id"]),
        agent=str(row["agent_id"]),
        weight=row["weight"],
        since=_seconds(row["since"]),
        ended_at=_seconds(row["ended_at"]) if row["ended_at"] else None,
    )


def _agent(row: Row) -> Agent:
    return Agent(
        id=str(row["id"]),
        capacity=row["capacity"],
        load=row["load"],
        presence=row["presence"],
        skills=row["skills"],
        idle_since=_seconds(row["idle_since"]),
    )


def _fact(row: Row) -> Fact:
    return Fact(
        pos=row["pos"],
        at=_seconds(row["at"]),
        type=row["type"],
        subject=row["subject"],
        actor=row["actor"],
        data=row["data"],
    )


def _records(world: World) -> Iterator[Record]:
    for (stream, partition), records in world.broker.parts.items():
        for record in records:
            sequence = record.headers.get("sequence")
            yield Record(
                stream=stream,
                partition=partition,
                position=record.position,
                id=record.headers["ce_id"],
                key=record.key,
                subject=record.headers["ce_subject"],
                type=record.headers["ce_type"].removeprefix("inquiryrouter.").removesuffix(".v1"),
                sequence=int(sequence) if sequence else None,
            )


def _progress(world: World, rows: Rows) -> Iterator[Progress]:
    for group, stream in ((CLASSIFIER, RECEIVED), (STATUS, ROUTING)):
        known = world.broker.groups.get((stream, group))
        for partition, committed in known.committed.items() if known else ():
            yield Progress(group=group, stream=stream, partition=partition, committed=committed)
    for row in rows["positions"]:
        yield Progress(group=ROUTER, stream=CLASSIFIED, partition=row["part"], committed=row["pos"])


def _effects(world: World, rows: Rows) -> dict[str, frozenset[str]]:
    """What each group has done: answers on the next stream, the inbox, rows that are at or past a fact's position."""
    done: dict[str, set[str]] = defaultdict(set)
    for row in (*rows["quarantine"], *rows["parked"]):
        done[row["stage"]].add(row["event_id"])
    done[ROUTER] |= {row["event_id"] for row in rows["inbox"]}
    reached = {row["id"]: row["pos"] for row in (*rows["status"], *rows["work"])}
    for (stream, _), records in world.broker.parts.items():
        for record in records:
            if stream == CLASSIFIED:
                done[CLASSIFIER].add(str(derived_id("received", record.headers["ce_subject"])))
            elif stream == ROUTING and _folded(record.headers, record.value, reached):
                done[STATUS].add(record.headers["ce_id"])
    return {group: frozenset(ids) for group, ids in done.items()}


def _folded(headers: Mapping[str, str], value: bytes, reached: Mapping[str, int]) -> bool:
    data, kind = json.loads(value), headers["ce_type"].split(".")[1]
    if kind == "inquiry" and "waiting" not in headers["ce_type"]:
        about = data["inquiry_id"]
    elif kind in {"inquiry", "offer", "assignment"}:
        about = data["work_item_id"]
    else:
        return True  # nothing to be kept of it
    return reached.get(about, 0) >= int(headers["sequence"])


def _seconds(at: datetime) -> float:
    return (at - START).total_seconds()


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
