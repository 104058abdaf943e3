"""The dump of a real installation: what PostgreSQL holds, in one snapshot, in words of the domain."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import asyncpg

from bench.chaos.checker import dump
from bench.chaos.checker.dump import Dump, Progress, Record

_INQUIRIES = """
SELECT receipt.id::text, encode(sha256(raw.bytes), 'hex') AS sha256, receipt.seq AS accepted,
    extract(epoch FROM receipt.received_at)::float AS since, known.conversation_id::text AS conversation,
    CASE
        WHEN known.work_item_id IS NOT NULL THEN coalesce(item.state, 'in no work item')
        WHEN known.id IS NOT NULL THEN 'closed'
        WHEN EXISTS (
            SELECT FROM log.quarantine aside WHERE aside.subject = receipt.id::text AND aside.replayed_at IS NULL
        ) THEN 'quarantined'
        ELSE 'received'
    END AS state
FROM ingest.receipt JOIN ingest.raw ON raw.id = receipt.raw_id
LEFT JOIN router.inquiry AS known ON known.id = receipt.id
LEFT JOIN router.work_item AS item ON item.id = known.work_item_id
"""
_MESSAGES = """
SELECT conversation_id::text, array_agg(inquiry_id::text ORDER BY seq, at, id) FROM router.message
WHERE inquiry_id IS NOT NULL GROUP BY 1
"""
_WORK_ITEMS = """
SELECT id::text, inquiry_id::text AS inquiry, conversation_id::text AS conversation, state, version, weight,
    extract(epoch FROM waiting_since)::float AS waiting_since, waiting_reason,
    extract(epoch FROM next_check_at)::float AS next_check_at, route -> 'requires' AS requires,
    (declined_by || lapsed_by)::text[] AS refused_by
FROM router.work_item
"""
_OFFERS = """
SELECT offer.id::text, offer.work_item_id::text AS work_item, agent_id::text AS agent, weight, state,
    extract(epoch FROM expires_at)::float AS expires_at, coalesce((body ->> 'relaxation_step')::int, 0) AS step
FROM router.offer LEFT JOIN router.decision ON decision.id = offer.decision_id
"""
_ASSIGNMENTS = """
SELECT id::text, work_item_id::text AS work_item, agent_id::text AS agent, weight,
    extract(epoch FROM since)::float AS since, extract(epoch FROM ended_at)::float AS ended_at
FROM router.assignment
"""
_AGENTS = """
SELECT id::text, capacity, load, presence, skills, extract(epoch FROM idle_since)::float AS idle_since
FROM router.agent
"""
_FACTS = """
SELECT pos, extract(epoch FROM at)::float AS at, type, subject, actor, data - 'classification' AS data
FROM router.events ORDER BY pos
"""
_ROUTER_POSITIONS = "SELECT 'router', stream, part, pos FROM router.position"
_TAKEN = "SELECT event_id FROM router.inbox"
_PUBLISHED = "SELECT pos FROM router.outbox_position WHERE reader = 'routing.events'"
_SET_ASIDE = "SELECT stage, event_id FROM log.quarantine UNION ALL SELECT stage, event_id FROM log.parked"
# Those behind the first of their key wait for it, and not for their own hour.
_PARKED = """
SELECT key, min(extract(epoch FROM due_at))::float FROM (
    SELECT DISTINCT ON (stage, key) key, due_at FROM log.parked ORDER BY stage, key, id
) first GROUP BY key
"""
_TOLD = (
    "SELECT inquiry_id::text, pos FROM ingest.status UNION ALL SELECT work_item_id::text, pos FROM ingest.work_state"
)

_OF_INQUIRY = frozenset({"inquiry.received", "inquiry.classified", "inquiry.closed"})
_OF_WORK = ("inquiry.waiting", "offer.", "assignment.")


async def read_dump(url: str, records: list[Record], progress: list[Progress]) -> Dump:
    """Everything, with the ``records`` and the log's own ``progress`` as they were read from the log."""
    connection = await asyncpg.connect(url)
    try:
        await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return await _read(connection, records, progress)
    finally:
        await connection.close()


async def _read(connection: Any, records: list[Record], progress: list[Progress]) -> Dump:
    routers = [
        Progress(group=g, stream=s, partition=p, committed=c)
        for g, s, p, c in await connection.fetch(_ROUTER_POSITIONS)
    ]
    return Dump(
        at=await connection.fetchval("SELECT extract(epoch FROM clock_timestamp())::float"),
        inquiries=[dump.Inquiry(**row) for row in await connection.fetch(_INQUIRIES)],
        messages={row[0]: row[1] for row in await connection.fetch(_MESSAGES)},
        work_items=[
            dump.WorkItem(**{**row, "refused_by": frozenset(row["refused_by"])})
            for row in await connection.fetch(_WORK_ITEMS)
        ],
        offers=[dump.Offer(**row) for row in await connection.fetch(_OFFERS)],
        assignments=[dump.Assignment(**row) for row in await connection.fetch(_ASSIGNMENTS)],
        agents=[dump.Agent(**row) for row in await connection.fetch(_AGENTS)],
        facts=[dump.Fact(**row) for row in await connection.fetch(_FACTS)],
        records=records,
        progress=[*progress, *routers],
        effects=await _effects(connection, records),
        published=await connection.fetchval(_PUBLISHED),
        parked={row[0]: row[1] for row in await connection.fetch(_PARKED)},
    )


async def _effects(connection: Any, records: Iterable[Record]) -> dict[str, frozenset[str]]:
    """By group: a received record is done when it is classified, a classified one when the router has marked it, a
    fact when what ingest answers is at least as new.
    """
    aside: dict[str, set[str]] = {"classifier": set(), "router": set(), "ingest.status": set()}
    for stage, event_id in await connection.fetch(_SET_ASIDE):
        aside.setdefault(stage, set()).add(event_id)
    classified = {record.subject for record in records if record.stream == "inquiries.classified"}
    received = {r.id for r in records if r.stream == "inquiries.received" and r.subject in classified}
    taken = {row[0] for row in await connection.fetch(_TAKEN)}
    told = {row[0]: row[1] for row in await connection.fetch(_TOLD)}
    facts = {row["pos"]: row["data"] for row in await connection.fetch(_FACTS)}
    kept = {
        record.id
        for record in records
        if record.sequence is not None and _kept(record, facts.get(record.sequence, {}), told)
    }
    return {
        "classifier": frozenset(aside["classifier"] | received),
        "router": frozenset(aside["router"] | taken),
        "ingest.status": frozenset(aside["ingest.status"] | kept),
    }


def _kept(record: Record, data: dict[str, Any], told: dict[str, int]) -> bool:
    sequence = record.sequence or 0
    if record.type in _OF_INQUIRY:
        return told.get(data.get("inquiry_id", ""), 0) >= sequence
    if record.type.startswith(_OF_WORK):
        return told.get(data.get("work_item_id", ""), 0) >= sequence
    return True
