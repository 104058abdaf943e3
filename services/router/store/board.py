"""What waits, for those who add it up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.router.store.reader import Reader

WAITING = "SELECT id, queue, received_at FROM router.work_item WHERE state = 'waiting'"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One waiting item."""

    id: UUID
    queue: str
    received_at: datetime


async def waiting(conn: Reader) -> list[Waiting]:
    """All that waits. It reads the whole table: once at the start, not for every look."""
    return [Waiting(**row) for row in await conn.fetch(WAITING)]
