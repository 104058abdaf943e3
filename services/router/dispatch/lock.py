"""Who works: a PostgreSQL advisory lock on a direct connection of its own. Whose writes count: the term.

Each take-over raises the term. A frozen holder loses the lock when its session has been idle for ten seconds, and
finds its term over when it wakes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from shared.database.connection import connect, translate
from shared.errors import DatabaseUnavailable, Temporary
from shared.within import within

LOCK = 7_301_001
HEARTBEAT_SECONDS = 2.0
STANDBY_SECONDS = 1.0
_IDLE_SECONDS = 10
_ANSWER_SECONDS = 5.0


class LeadershipLost(Temporary):
    """Another dispatcher has taken over, or the lock's connection is gone: stop at once, then queue for the lock."""


class Leadership:
    """One term of one dispatcher."""

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record], term: int) -> None:
        self._connection = connection
        self._ended = asyncio.Event()
        self.term = term
        connection.add_termination_listener(lambda _: self._ended.set())

    async def keep(self) -> None:
        """Show that we live, until the lock is lost.

        Raises:
            LeadershipLost: always, and only, at the end.
        """
        while True:
            async with within(HEARTBEAT_SECONDS):
                await self._ended.wait()
            try:
                with translate():
                    current = await self._connection.fetchval("SELECT term FROM router.term")
            except DatabaseUnavailable as error:
                raise LeadershipLost("the lock's connection is gone") from error
            if current != self.term:
                raise LeadershipLost(f"term {self.term} is over")


@asynccontextmanager
async def leadership(url: str) -> AsyncIterator[Leadership]:
    """Wait until the lock is ours, as long as it takes; it is given up at the end of the block.

    Raises:
        DatabaseUnavailable: while waiting.
    """
    connection = await connect(url, name="dispatcher-lock", command_seconds=_ANSWER_SECONDS)
    try:
        with translate():
            await connection.execute(f"SET idle_session_timeout = '{_IDLE_SECONDS}s'")
            # PostgreSQL tells nobody that a lock is free, and waiting inside it would leave the session without a beat.
            while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):  # noqa: ASYNC110  # as said
                await asyncio.sleep(STANDBY_SECONDS)
            term = await connection.fetchval("UPDATE router.term SET term = term + 1 RETURNING term")
        yield Leadership(connection, term)
    finally:
        connection.terminate()
