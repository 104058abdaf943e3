"""Traces that senders named; of all other inquiries the trace follows from the id, and nothing is kept."""

from __future__ import annotations

from collections.abc import Mapping

from services.router.store.reader import Connection

KEEP = """
INSERT INTO router.trace (subject, traceparent)
SELECT subject, traceparent FROM unnest($1::text[], $2::text[]) AS t (subject, traceparent) ORDER BY subject
ON CONFLICT DO NOTHING
"""


async def keep(conn: Connection, traces: Mapping[str, str]) -> None:
    """Remember the trace of each inquiry; the first one stays."""
    if traces:
        await conn.execute(KEEP, list(traces), list(traces.values()))
