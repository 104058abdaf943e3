"""What the dispatcher reads and writes: each write one transaction, under the current term, its facts last.

A wish that memory got wrong is no error: it is missing from the answer, and the caller lets memory catch up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import asyncpg

from services.router.decide.facts import Facts
from services.router.decide.overflow import Overflow
from services.router.decide.route import Route
from services.router.dispatch import facts, statements
from services.router.dispatch.items import FIRST_CHECK, Entry, OpenOffer
from services.router.dispatch.lock import LeadershipLost
from services.router.dispatch.matching import Check, Proposal
from services.router.dispatch.reading import read_loads, read_snapshot
from services.router.dispatch.snapshot import Snapshot
from services.router.store.events import Recorded, append, read
from shared.database.connection import Held
from shared.jsontext import dump_text

STREAM_GRACE = timedelta(seconds=60)
FROZEN_SECONDS = 5


class Journal:
    """Writes of the dispatcher with this ``term``; with an older one they are refused."""

    def __init__(self, held: Held, *, term: int) -> None:
        self._held = held
        self._term = term

    async def snapshot(self) -> Snapshot:
        """The tables at one position."""
        async with self._held.use() as connection:
            # A dispatcher that freezes inside a transaction would block its successor, which raises the term.
            await connection.execute(f"SET idle_in_transaction_session_timeout = '{FROZEN_SECONDS}s'")
            return await read_snapshot(connection)

    async def facts_after(self, position: int, *, limit: int) -> list[Recorded]:
        """What has happened since."""
        async with self._held.use() as connection:
            return await read(connection, position, limit=limit)

    async def loads(self) -> tuple[int, dict[str, tuple[int, str]]]:
        """Each agent's load and presence, with the position that they are of."""
        async with self._held.use() as connection:
            return await read_loads(connection)

    async def offer(self, proposals: Sequence[Proposal]) -> list[asyncpg.Record]:
        """Put items before agents; the rows of those offers that were made."""
        if not proposals:
            return []
        async with self._writing() as connection:
            await connection.execute(statements.LOCK_AGENTS, [wish.agent_id for wish in proposals])
            rows = await connection.fetch(
                statements.OFFER,
                [wish.item_id for wish in proposals],
                [wish.version for wish in proposals],
                [wish.agent_id for wish in proposals],
                [wish.offer_id for wish in proposals],
                [wish.decision_id for wish in proposals],
                [dump_text(wish.record) for wish in proposals],
                proposals[0].made_at,
                self._term,
            )
            await append(connection, [facts.offer_made(row) for row in rows])
        return list(rows)

    async def close(self, offers: Sequence[OpenOffer], *, state: str, reason: str, now: datetime) -> set[str]:
        """End open offers: their items wait again, the agents' load is given back. The ids of those that ended."""
        if not offers:
            return set()
        async with self._writing() as connection:
            await connection.execute(statements.LOCK_AGENTS, [offer.agent_id for offer in offers])
            await connection.execute(statements.LOCK_ITEMS, [offer.item_id for offer in offers])
            ids = sorted(offer.id for offer in offers)
            waits = f"offer_{state}", now + FIRST_CHECK
            rows = await connection.fetch(statements.CLOSE, ids, state, reason, now, *waits)
            written = []
            for row in rows:
                written.append(facts.offer_closed(row, state, reason))
                if row["waits"]:
                    written.append(facts.inquiry_waiting(row))
            await append(connection, written)
        return {str(row["offer_id"]) for row in rows}

    async def wait(self, checks: Sequence[Check]) -> set[str]:
        """Say why items go on waiting, and until when; the ids of those for which it was still true."""
        if not checks:
            return set()
        ordered = sorted(checks, key=lambda check: check.item_id)
        async with self._writing() as connection:
            rows = await connection.fetch(
                statements.WAIT,
                [check.item_id for check in ordered],
                [check.version for check in ordered],
                [check.reason for check in ordered],
                [check.next_check_at for check in ordered],
            )
            await append(connection, [facts.inquiry_waiting(row) for row in rows])
        return {str(row["work_item_id"]) for row in rows}

    async def overflow(self, moves: Sequence[tuple[Check, Overflow]], now: datetime) -> set[str]:
        """Move items to the queues that they overflow to; the ids of those that moved."""
        if not moves:
            return set()
        ordered = sorted(moves, key=lambda move: move[0].item_id)
        async with self._writing() as connection:
            rows = await connection.fetch(
                statements.OVERFLOW,
                [check.item_id for check, _ in ordered],
                [check.version for check, _ in ordered],
                [move.queue for _, move in ordered],
                [dump_text(move.route) for _, move in ordered],
                now + FIRST_CHECK,
            )
            await append(connection, [facts.inquiry_waiting(row) for row in rows])
        return {str(row["work_item_id"]) for row in rows}

    async def routed(self, ids: Sequence[str]) -> dict[str, tuple[Facts, str]]:
        """What rules may look at of these items, and the rule that has routed each."""
        async with self._held.use() as connection:
            rows = await connection.fetch(statements.ROUTED, ids)
        return {str(row["id"]): (Facts.from_json(row["facts"]), row["rule"]) for row in rows}

    async def reroute(self, ways: Sequence[tuple[Entry, Route]], now: datetime) -> set[str]:
        """Let items wait by another route; the ids of those that still waited."""
        if not ways:
            return set()
        ordered = sorted(ways, key=lambda way: way[0].item.id)
        async with self._writing() as connection:
            rows = await connection.fetch(
                statements.REROUTE,
                [entry.item.id for entry, _ in ordered],
                [entry.item.version for entry, _ in ordered],
                [way.queue for _, way in ordered],
                [dump_text(way.to_json()) for _, way in ordered],
                [way.weight for _, way in ordered],
                [way.first_response_due for _, way in ordered],
                [way.resolution_due for _, way in ordered],
                now + FIRST_CHECK,
            )
            await append(connection, [facts.inquiry_waiting(row) for row in rows])
        return {str(row["work_item_id"]) for row in rows}

    async def expire_presence(self, now: datetime) -> bool:
        """Agents whose lease or stream has run out are offline or away; whether there were any."""
        async with self._writing() as connection:
            rows = await connection.fetch(statements.EXPIRED_PRESENCE, now, now - STREAM_GRACE)
            await append(connection, [facts.presence_changed(row) for row in rows])
        return bool(rows)

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
        async with self._held.use() as connection, connection.transaction():
            if await connection.fetchval(statements.TERM, self._term) is None:
                raise LeadershipLost(f"term {self._term} is over")
            yield connection
