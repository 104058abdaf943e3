"""Facts on their way to the log: every row of ``router.events``, in order, at least once, by one reader at a time."""

from __future__ import annotations

import asyncio

from services.router.store import events, outbox
from services.router.store.events import CHANNEL, Recorded
from services.router.store.reader import Connection
from shared.database.connection import Held
from shared.database.wakeups import Wakeups
from shared.domain.ids import derived_id
from shared.eventlog.base import EventLog
from shared.events import ROUTING, CloudEvent, event_type
from shared.telemetry import Metrics
from shared.tracing import TRACEPARENT, of_inquiry
from shared.within import within

SOURCE = "/router"
_OF_INQUIRIES = ("inquiry.", "offer.", "assignment.")
_LIMIT = 500
_POLL_SECONDS = 0.25
_STANDBY_SECONDS = 1.0
_SILENT_SECONDS = 20
"""Longer than publishing may take: who is silent for so long is frozen, and another publishes."""
_PACE_SECONDS = 0.05
"""The first fact after a rest goes at once; those that follow it, a few ms apart, go together."""


class Outbox:
    """The reader that publishes, as a service; of several only the one that holds the lock works."""

    name = "router-outbox"

    def __init__(self, *, url: str, log: EventLog, wakeups: Wakeups, metrics: Metrics) -> None:
        self._held = Held(url, name=self.name, hot=True, silent_seconds=_SILENT_SECONDS)
        self._log = log
        self._hint = wakeups.subscribe(CHANNEL)
        self._pending = metrics.outbox_pending
        self._holder: Connection | None = None

    async def run(self) -> None:
        """Publish until cancelled."""
        try:
            while True:
                self._hint.clear()
                published = await self._turn()
                if not published:
                    await self._rest(_POLL_SECONDS)
                elif published < _LIMIT:
                    await asyncio.sleep(_PACE_SECONDS)
        finally:
            await self._held.close()

    async def _turn(self) -> int:
        """Publish the next facts; how many."""
        async with self._held.use() as conn:
            if self._holder is not conn and not await outbox.claim(conn):
                self._pending.set(0)
                await self._rest(_STANDBY_SECONDS)
                return 0
            self._holder = conn
            position = await outbox.position(conn, ROUTING)
            rows = await events.read_traced(conn, position, limit=_LIMIT)
            if rows:
                await self._log.publish(ROUTING, [as_cloud_event(row) for row in rows])
                await outbox.advance(conn, ROUTING, after=position, pos=rows[-1].pos)
            self._pending.set(await events.head(conn) - rows[-1].pos if len(rows) == _LIMIT else 0)
        return len(rows)

    async def _rest(self, seconds: float) -> None:
        async with within(seconds):
            await self._hint.wait()


def as_cloud_event(row: Recorded) -> CloudEvent:
    """The fact as the outside sees it; its id is the same each time it is sent."""
    return CloudEvent(
        id=str(derived_id("event", str(row.pos))),
        type=event_type(row.fact.type),
        source=SOURCE,
        subject=row.fact.subject,
        key=row.fact.key,
        time=row.at,
        data=row.fact.data,
        extensions={"sequence": str(row.pos)} | _trace(row),
    )


def _trace(row: Recorded) -> dict[str, str]:
    if row.traceparent is None and not row.fact.type.startswith(_OF_INQUIRIES):
        return {}
    return {TRACEPARENT: row.traceparent or of_inquiry(row.fact.subject)}
