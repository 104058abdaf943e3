"""The tables at one position, read in one snapshot.

A snapshot that sees the head at p sees every fact up to p and none after it, because each writer raises the head last.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from services.router.dispatch.snapshot import AgentRow, AssignmentRow, ItemRow, OfferRow, Snapshot

Refused = dict[str, dict[str, datetime]]

_RULE_SET = "SELECT version FROM router.ruleset WHERE state = 'live'"
_AGENTS = "SELECT id, skills, capacity, load, presence, idle_since FROM router.agent"
_ITEMS = """
SELECT id, inquiry_id, state, version, channel, language, topic, urgency, queue, weight, route, received_at,
    first_response_due, waiting_reason, next_check_at, declined_by
FROM router.work_item WHERE state IN ('waiting', 'offered', 'assigned', 'paused')
"""
_OFFERS = "SELECT id, work_item_id, agent_id, weight, made_at, expires_at FROM router.offer WHERE state = 'open'"
_ASSIGNMENTS = "SELECT work_item_id, agent_id, weight FROM router.assignment WHERE ended_at IS NULL"
# By agent, because offers have an index for that.
_REFUSALS = """
SELECT i.id AS item, o.agent_id AS agent, o.state, o.ended_at, o.expires_at - o.made_at AS pause
FROM router.work_item i
CROSS JOIN LATERAL (SELECT DISTINCT agent FROM unnest(i.declined_by || i.lapsed_by) AS r (agent)) refusing
CROSS JOIN LATERAL (
    SELECT * FROM router.offer f
    WHERE f.agent_id = refusing.agent AND f.work_item_id = i.id AND f.state IN ('declined', 'lapsed')
    ORDER BY f.made_at
) o
WHERE i.state IN ('waiting', 'offered', 'assigned', 'paused') AND cardinality(i.declined_by || i.lapsed_by) > 0
ORDER BY o.ended_at
"""


async def read_snapshot(connection: asyncpg.Connection[asyncpg.Record]) -> Snapshot:
    """Everything that a pool starts from."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        position = await connection.fetchval("SELECT pos FROM router.head")
        rule_set = await connection.fetchval(_RULE_SET) or 0
        agents = await connection.fetch(_AGENTS)
        items = await connection.fetch(_ITEMS)
        offers = await connection.fetch(_OFFERS)
        assignments = await connection.fetch(_ASSIGNMENTS)
        declined, lapsed = _refusals(await connection.fetch(_REFUSALS))
    return Snapshot(
        position=position,
        rule_set=rule_set,
        agents=[AgentRow(**_plain(row)) for row in agents],
        items=[_item(row, declined, lapsed) for row in items],
        offers=[OfferRow(**_plain(row)) for row in offers],
        assignments=[AssignmentRow(**_plain(row)) for row in assignments],
    )


async def read_loads(connection: asyncpg.Connection[asyncpg.Record]) -> tuple[int, dict[str, tuple[int, str]]]:
    """Each agent's load and presence, with the position that they are of."""
    rows = await connection.fetch(
        "SELECT id, load, presence, (SELECT pos FROM router.head) AS position FROM router.agent"
    )
    return (rows[0]["position"] if rows else -1), {str(row["id"]): (row["load"], row["presence"]) for row in rows}


def _refusals(rows: list[asyncpg.Record]) -> tuple[Refused, Refused]:
    declined: Refused = defaultdict(dict)
    lapsed: Refused = defaultdict(dict)
    for row in rows:
        item, agent, at = str(row["item"]), str(row["agent"]), row["ended_at"]
        if row["state"] == "declined":
            declined[item][agent] = at
        else:
            pause: timedelta = row["pause"]
            lapsed[item][agent] = at + pause
    return declined, lapsed


def _item(row: asyncpg.Record, declined: Refused, lapsed: Refused) -> ItemRow:
    plain = _plain(row)
    still = {str(agent) for agent in plain.pop("declined_by")}
    known = declined.get(plain["id"], {})
    refused = {agent: known.get(agent, plain["received_at"]) for agent in still}
    return ItemRow(**plain, declined=refused, lapsed=lapsed.get(plain["id"], {}))


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: str(value) if name == "id" or name.endswith("_id") else value for name, value in row.items()}
