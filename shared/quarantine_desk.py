"""What people do with quarantined records: look, mend, and put them back on the log.

The record as it came is kept beside what was mended. Its event id stays, so that whoever had handled it does nothing
when it comes again; a record that fails again waits again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from shared import record_row
from shared.clock import Clock, SystemClock
from shared.database.connection import translate
from shared.domain.ids import derived_id
from shared.errors import Refused, Undecodable
from shared.eventlog.base import EventLog, Record
from shared.events import CloudEvent
from shared.quarantine import Quarantine
from shared.readable import check, read

_SHOWN = """
id, stage, stream, part, pos, key, event_id, type, subject, reason, tries, at, last_at, replayed_at, version,
fixed_by, fixed_at
"""
_LIST = f"""
SELECT {_SHOWN} FROM log.quarantine
WHERE id > $1 AND ($3::text IS NULL OR stage = $3) AND ($4::bool OR replayed_at IS NULL) ORDER BY id LIMIT $2
"""
_GET = f"SELECT {_SHOWN}, head, value, fixed_head, fixed_value FROM log.quarantine WHERE id = $1"
_FIX = """
UPDATE log.quarantine SET fixed_head = $3, fixed_value = $4, fixed_by = $5, fixed_at = now(), version = version + 1
WHERE id = $1 AND version = $2 RETURNING version
"""
# One that came back since it was published is not done.
_REPLAYED = """
UPDATE log.quarantine SET replayed_at = now(), version = version + 1 WHERE id = $1 AND last_at < $2
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A record in quarantine, without its value."""

    id: int
    stage: str
    stream: str
    part: int
    pos: int
    key: str
    event_id: str | None
    type: str | None
    subject: str | None
    reason: str
    tries: int
    at: datetime
    last_at: datetime
    replayed_at: datetime | None
    version: int
    fixed_by: str | None
    fixed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Content:
    """All of it: the record as it came, and as it was mended."""

    kept: Kept
    came: Record
    fixed: Record | None

    @property
    def to_replay(self) -> Record:
        return self.fixed or self.came


@dataclass(frozen=True, slots=True)
class Fix:
    """What is put right; a part of ``None`` stays as it came, a header of ``None`` is taken away."""

    value: bytes | None = None
    headers: Mapping[str, str | None] | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One record of many: ``fault`` says why it was left where it is."""

    id: int
    fault: str | None


class QuarantineDesk:
    """The table ``log.quarantine``, as people work with it."""

    def __init__(
        self, pool: asyncpg.Pool, *, log: EventLog, quarantine: Quarantine, clock: Clock | None = None
    ) -> None:
        self._pool = pool
        self._log = log
        self._quarantine = quarantine
        self._clock = clock or SystemClock()

    async def list(
        self, *, limit: int = 50, after: int = 0, stage: str | None = None, replayed: bool = False
    ) -> list[Kept]:
        """Those with an id above ``after``, oldest first; with ``replayed``, also those that went back to the log.

        Raises:
            DatabaseUnavailable: PostgreSQL cannot be reached.
        """
        with translate():
            rows = await self._pool.fetch(_LIST, after, limit, stage, replayed)
        return [Kept(**dict(row)) for row in rows]

    async def get(self, kept_id: int) -> Content:
        """One record.

        Raises:
            Refused: ``not-found``.
            DatabaseUnavailable: PostgreSQL cannot be reached.
        """
        with translate():
            row = await self._pool.fetchrow(_GET, kept_id)
        if row is None:
            raise Refused("not-found")
        return _content(dict(row))

    async def fix(self, kept_id: int, fix: Fix, *, by: str, version: int | None = None) -> int:
        """Put the record right, as a whole anew each time; returns its new version.

        Raises:
            Refused: ``not-found``; ``version-mismatch``, it was changed since ``version``; ``unreadable``, it is no
                event of ours like this either, or would be another event than it was.
            DatabaseUnavailable: PostgreSQL cannot be reached.
        """
        content = await self.get(kept_id)
        mended = _mended(content.came, fix)
        event = self._readable(mended)
        was = content.came.headers.get("ce_id")
        if was is not None and event.id != was:
            raise Refused("unreadable", "The event id must stay what it was: it makes a replay harmless.")
        made = record_row.head(mended.key, mended.headers)
        with translate():
            new: int | None = await self._pool.fetchval(
                _FIX, kept_id, content.kept.version if version is None else version, made, mended.value, by
            )
        if new is None:
            raise Refused("version-mismatch")
        return new

    async def replay(self, kept_id: int, *, dry_run: bool = False) -> None:
        """Publish the record again, as it was mended; ``dry_run`` only looks whether it can be read.

        Raises:
            Refused: ``not-found``; ``unreadable``, it is still no event of ours.
            Temporary: the database or the log is away; replay again.
        """
        content = await self.get(kept_id)
        event = self._readable(content.to_replay)
        if dry_run:
            return
        with translate():
            began = await self._pool.fetchval("SELECT clock_timestamp()")
        await self._log.publish(content.kept.stream, [event])
        with translate():
            await self._pool.execute(_REPLAYED, kept_id, began)
        await self._quarantine.count()

    async def replay_all(
        self, *, per_second: float, stage: str | None = None, after: int = 0, dry_run: bool = False
    ) -> AsyncGenerator[Outcome, None]:
        """Replay all that wait above ``after``, oldest first, not faster than ``per_second``.

        Those that come back meanwhile are behind, and not met again. Stop early by not asking for the next.

        Raises:
            Temporary: the database or the log is away; go on after the last outcome.
        """
        loop = asyncio.get_running_loop()
        due = loop.time()
        with translate():
            last: int = await self._pool.fetchval("SELECT coalesce(max(id), 0) FROM log.quarantine")
        while page := [kept for kept in await self.list(after=after, stage=stage) if kept.id <= last]:
            for kept in page:
                await asyncio.sleep(max(0.0, due - loop.time()))
                due = max(due, loop.time()) + (0.0 if dry_run else 1 / per_second)
                yield Outcome(kept.id, await self._fault_of_replaying(kept.id, dry_run=dry_run))
                after = kept.id

    def _readable(self, record: Record) -> CloudEvent:
        try:
            event = read(record, self._clock.now())
            check(record.stream, event)
        except Undecodable as error:
            raise Refused("unreadable", str(error)) from error
        return event

    async def _fault_of_replaying(self, kept_id: int, *, dry_run: bool) -> str | None:
        try:
            await self.replay(kept_id, dry_run=dry_run)
        except Refused as refused:
            return refused.detail or refused.code
        return None


def _content(row: dict[str, Any]) -> Content:
    came = record_row.record_of(row)
    fixed = None
    if row["fixed_head"] is not None:
        fixed = record_row.record_of(row | {"head": row["fixed_head"], "value": row["fixed_value"]})
    return Content(Kept(**{name: row[name] for name in Kept.__dataclass_fields__}), came, fixed)


def _mended(came: Record, fix: Fix) -> Record:
    # A record that came without an id gets one that follows from where it came from: twice mended is once.
    place = str(derived_id("quarantined", came.stream, str(came.partition), str(came.position)))
    headers = {"ce_id": place, **came.headers, **(fix.headers or {})}
    return Record(
        came.stream,
        came.partition,
        came.position,
        came.key if fix.key is None else fix.key,
        {name: value for name, value in headers.items() if value is not None},
        came.value if fix.value is None else fix.value,
    )
