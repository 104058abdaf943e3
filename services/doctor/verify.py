"""Compare what senders were promised with what is in the database.

*Lost*: promised or accepted, and gone: no receipt, no raw bytes, or handed to the router and unknown there.
*Double*: two work items, open offers or open assignments where one is due.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from shared import quarantine
from shared.database.connection import translate
from shared.errors import Fault, Refused

_ACCEPTED = "SELECT count(*) FROM ingest.receipt"

_BY_STATE = f"""
SELECT CASE WHEN NOT receipt.routed AND {quarantine.holds("receipt.id")} THEN 'quarantined'
    ELSE coalesce(work.state, status.state, 'received') END AS state, count(*) AS n
FROM ingest.receipt
LEFT JOIN ingest.status AS status ON status.inquiry_id = receipt.id
LEFT JOIN ingest.work_state AS work USING (work_item_id)
GROUP BY 1 ORDER BY 1
"""

_NOT_ACCEPTED = """
SELECT promised.id FROM unnest($1::uuid[]) AS promised (id)
WHERE NOT EXISTS (SELECT FROM ingest.receipt WHERE receipt.id = promised.id)
"""

_WITHOUT_BYTES = """
SELECT receipt.id FROM ingest.receipt
WHERE NOT EXISTS (SELECT FROM ingest.raw WHERE raw.id = receipt.raw_id)
"""

# The status is written from the router's facts, so a receipt that has one must be known to the router.
_UNKNOWN_TO_ROUTER = """
SELECT receipt.id FROM ingest.receipt
WHERE receipt.routed
AND NOT EXISTS (SELECT FROM router.message WHERE message.inquiry_id = receipt.id)
AND NOT EXISTS (SELECT FROM router.events WHERE type = 'inquiry.closed' AND subject = receipt.id::text)
"""

_TWO_WORK_ITEMS = """
SELECT inquiry_id FROM router.work_item GROUP BY inquiry_id HAVING count(*) > 1
UNION
SELECT min(inquiry_id::text)::uuid FROM router.work_item
WHERE state NOT IN ('completed', 'closed') GROUP BY conversation_id HAVING count(*) > 1
"""

_TWO_OPEN = """
SELECT inquiry_id FROM (
    SELECT inquiry_id, work_item_id FROM router.offer WHERE state = 'open'
    UNION ALL
    SELECT inquiry_id, work_item_id FROM router.assignment WHERE ended_at IS NULL
) AS open GROUP BY inquiry_id, work_item_id HAVING count(*) > 1
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """``lost`` and ``double`` are inquiry ids; both empty means that every promise was kept."""

    accepted: int
    by_state: dict[str, int]
    lost: list[str]
    double: list[str]

    @property
    def kept(self) -> bool:
        return not self.lost and not self.double

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def read_ledger(path: Path) -> list[UUID]:
    """The inquiry ids of a ledger, one JSON object ``{"id", "door"}`` a line; a torn last line promised nothing.

    Raises:
        Refused: ``invalid``; a line before the last is no promise.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    promised = []
    for number, line in enumerate(lines, 1):
        try:
            promised.append(UUID(json.loads(line)["id"]))
        except (ValueError, KeyError, TypeError) as error:
            if number < len(lines):
                fault = Fault(f"/{number}", "invalid", "not a JSON object with an id", number)
                raise Refused("invalid", f"{path}, line {number}: no promise", faults=[fault]) from error
    return promised


async def verify(pool: asyncpg.Pool[asyncpg.Record], promised: Iterable[UUID] = ()) -> Verdict:
    """Look at the whole database once, in one snapshot, so that work may go on meanwhile.

    Raises:
        DatabaseUnavailable: it cannot be known now.
    """
    with translate():
        async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            return Verdict(
                accepted=await connection.fetchval(_ACCEPTED),
                by_state={row["state"]: row["n"] for row in await connection.fetch(_BY_STATE)},
                lost=await _ids(connection, (_NOT_ACCEPTED, list(promised)), (_WITHOUT_BYTES,), (_UNKNOWN_TO_ROUTER,)),
                double=await _ids(connection, (_TWO_WORK_ITEMS,), (_TWO_OPEN,)),
            )


async def _ids(connection: Any, *questions: tuple[Any, ...]) -> list[str]:
    found = [str(row[0]) for question in questions for row in await connection.fetch(*question)]
    return sorted(set(found))
