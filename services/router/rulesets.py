"""Numbered rule sets: drafts, one that is live, and those that were. A version never changes once it has its number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from services.router.decide.ruleset import RuleSet, compile_ruleset
from services.router.ruletext import parse
from services.router.store.events import Fact, append
from services.router.store.reader import Reader
from shared.database.connection import translate
from shared.errors import Refused

__all__ = ["BUILT_IN", "RuleSetRecord", "RuleSetStore", "parse"]

BUILT_IN = """\
# In force until the first rule set is published.
format: 1
queues:
  general: {}
rules:
  - {id: everything-else, then: {queue: general}}
"""
_COLUMNS = "version, state, document, source, author, created_at, published_at"


@dataclass(frozen=True, slots=True)
class RuleSetRecord:
    """One numbered version as it is kept; ``source`` is the text that its author sent."""

    version: int
    state: str
    document: dict[str, Any]
    source: str
    author: str | None
    created_at: datetime | None
    published_at: datetime | None


class RuleSetStore:
    """Reads and writes rule sets; ``live`` is compiled once a version."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._pool = pool
        self._live: tuple[int, RuleSet] | None = None

    async def live(self, connection: Reader | None = None) -> tuple[int, RuleSet]:
        """The version that is live, and its rules; version 0 is the built-in one, until one is published.

        It is looked up each time, so that every process follows a publication at once.
        """
        with translate():
            reader = connection or self._pool
            version = await reader.fetchval("SELECT version FROM router.ruleset WHERE state = 'live'") or 0
            if self._live is None or self._live[0] != version:
                self._live = version, compile_ruleset((await self.get(version)).document)
        return self._live

    async def get(self, version: int) -> RuleSetRecord:
        """One version.

        Raises:
            Refused: ``not-found``.
        """
        if version == 0:
            return _built_in()
        with translate():
            row = await self._pool.fetchrow(f"SELECT {_COLUMNS} FROM router.ruleset WHERE version = $1", version)
        if row is None:
            raise Refused("not-found", f"there is no rule set {version}")
        return RuleSetRecord(**row)

    async def list(self, *, before: int | None = None, limit: int = 50) -> list[RuleSetRecord]:
        """Newest first, those with a lower number than ``before``."""
        with translate():
            rows = await self._pool.fetch(
                f"SELECT {_COLUMNS} FROM router.ruleset WHERE $1::int IS NULL OR version < $1 ORDER BY version DESC LIMIT $2",
                before,
                limit,
            )
        return [RuleSetRecord(**row) for row in rows]

    async def create(self, document: dict[str, Any], source: str, author: str | None) -> int:
        """Keep a document that ``parse`` has found to be good, as a draft; the answer is its number."""
        with translate():
            async with self._pool.acquire() as connection, connection.transaction():
                await _lock(connection)
                return int(
                    await connection.fetchval(
                        "INSERT INTO router.ruleset (version, state, document, source, author)"
                        " SELECT coalesce(max(version), 0) + 1, 'draft', $1, $2, $3 FROM router.ruleset RETURNING version",
                        document,
                        source,
                        author,
                    )
                )

    async def publish(self, version: int, *, cause: str | None = None, actor: str | None = None) -> None:
        """Put ``version`` in force; an older one is a roll-back. Once it is live, again changes nothing.

        Raises:
            Refused: ``not-found``.
        """
        with translate():
            async with self._pool.acquire() as connection, connection.transaction():
                await _lock(connection)
                state = await connection.fetchval("SELECT state FROM router.ruleset WHERE version = $1", version)
                if state is None:
                    raise Refused("not-found", f"there is no rule set {version}")
                if state != "live":
                    await _put_in_force(connection, version, cause, actor)


async def _lock(connection: Any) -> None:
    # Numbers have no gaps and one version is live: writers take turns, readers are not held up.
    await connection.execute("LOCK TABLE router.ruleset IN SHARE ROW EXCLUSIVE MODE")


async def _put_in_force(connection: Any, version: int, cause: str | None, actor: str | None) -> None:
    await connection.execute("UPDATE router.ruleset SET state = 'retired' WHERE state = 'live'")
    await connection.execute(
        "UPDATE router.ruleset SET state = 'live', published_at = now() WHERE version = $1", version
    )
    fact = Fact(
        type="ruleset.published",
        subject=str(version),
        key="ruleset",
        data={"version": version},
        cause=cause,
        actor=actor,
    )
    await append(connection, [fact])


def _built_in() -> RuleSetRecord:
    document, _ = parse(BUILT_IN)
    return RuleSetRecord(0, "live", document, BUILT_IN, None, None, None)
