"""Reads for the API: one inquiry with all that is known of it, and pages of them, newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from shared import quarantine
from shared.database.connection import translate

STATE = f"""
CASE WHEN NOT r.routed AND {quarantine.holds("r.id")} THEN 'quarantined' ELSE coalesce(w.state, s.state, 'received') END
"""

_SELECT = f"""
SELECT r.id, r.caller, r.channel, r.received_at, {STATE} AS state,
    greatest(r.received_at, s.updated_at, w.updated_at) AS updated_at,
    1 + (coalesce(s.state, 'received') <> 'received')::int + coalesce(w.version, 0) AS version,
    i.body->>'subject' AS subject, i.body->'sender' AS sender,
    s.conversation_id, s.work_item_id, s.classification, s.reason, w.routing, w.offer, w.assignment, w.outcome, w.agents
FROM ingest.receipt r
JOIN ingest.inquiry i USING (id)
LEFT JOIN ingest.status s ON s.inquiry_id = r.id
LEFT JOIN ingest.work_state w ON w.work_item_id = s.work_item_id
"""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which inquiries; ``None`` sets no bound."""

    caller: str | None = None
    message_id: str | None = None
    state: str | None = None
    channel: str | None = None
    since: datetime | None = None
    before: UUID | None = None


_CONDITIONS: Mapping[str, str] = {
    "caller": "r.caller = ${}",
    "message_id": "i.own_reference = ${}",
    "state": f"{STATE} = ${{}}",
    "channel": "r.channel = ${}",
    "since": "r.received_at >= ${}",
    "before": "r.seq < (SELECT seq FROM ingest.receipt WHERE id = ${})",
}


class Reads:
    """Reads from a pool."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._pool = pool

    async def one(self, inquiry_id: UUID) -> Mapping[str, Any] | None:
        """The inquiry, or ``None``.

        Raises:
            DatabaseUnavailable: it cannot be known now.
        """
        with translate():
            row: Mapping[str, Any] | None = await self._pool.fetchrow(f"{_SELECT} WHERE r.id = $1", inquiry_id)
        return row

    async def page(self, wanted: Filter, limit: int) -> Sequence[Mapping[str, Any]]:
        """Up to ``limit`` inquiries, newest first.

        Raises:
            DatabaseUnavailable: they cannot be known now.
        """
        bounds = [(_CONDITIONS[name], value) for name in _CONDITIONS if (value := getattr(wanted, name)) is not None]
        conditions = [condition.format(number) for number, (condition, _) in enumerate(bounds, start=1)]
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        statement = f"{_SELECT} {where} ORDER BY r.seq DESC LIMIT {int(limit)}"
        with translate():
            rows: Sequence[Mapping[str, Any]] = await self._pool.fetch(statement, *(value for _, value in bounds))
        return rows
