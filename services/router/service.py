"""The router's worker: takes classified inquiries from the log, each once, a poll batch in one transaction.

Inbox mark, contacts, conversations, messages, work items, the position in the log and the facts commit together or
not at all. The position is kept here, under the fence of the log's group and with the log's incarnation; what the log
itself remembers is a hint.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from services.router.conversations import Intake
from services.router.picture import look
from services.router.rulesets import RuleSetStore
from services.router.store import events, inbox, traces
from services.router.writing import write
from shared.clock import Clock
from shared.database.connection import Held
from shared.errors import LogUnavailable, ShareLost
from shared.eventlog.base import EventLog, Positions
from shared.events import CLASSIFIED, ChatEnded, InquiryClassified, body, event_type
from shared.health import Health
from shared.parking import Parking
from shared.quarantine import Quarantine
from shared.telemetry import Ages, Metrics
from shared.tracing import given
from shared.worker import Batch, Consumer

GROUP = "router"
_ENDED = event_type("chat.ended")


class RouterPositions:
    """Where the worker is in the log, beside what it has made of it."""

    def __init__(self, *, url: str) -> None:
        self._held = Held(url, name="router-positions")
        self.incarnation = ""

    async def load(self, partitions: Sequence[int], *, fence: int, incarnation: str) -> Positions:
        """Take over ``partitions``.

        Raises:
            ShareLost: a later fence has one of them.
        """
        async with self._held.use() as conn:
            positions = await inbox.take_over(conn, CLASSIFIED, partitions, fence=fence, incarnation=incarnation)
            if len(positions) < len(partitions):
                latest = await inbox.latest_fence(conn, CLASSIFIED, partitions)
                raise ShareLost("another worker has taken the share over", fence=latest)
        self.incarnation = incarnation
        return positions

    async def close(self) -> None:
        """Let the connection go."""
        await self._held.close()


class Taking:
    """What is done with a batch: all of it, or nothing and the same again without harm."""

    def __init__(
        self,
        *,
        url: str,
        positions: RouterPositions,
        rulesets: RuleSetStore,
        clock: Clock,
        metrics: Metrics | None = None,
    ) -> None:
        self._held = Held(url, name="router-worker", hot=True)
        self._positions = positions
        self._rulesets = rulesets
        self._clock = clock
        self._ages = Ages(metrics or Metrics(), "routed")

    async def handle(self, batch: Batch) -> None:
        """Take the batch in.

        Raises:
            Undecodable: an event is none of ours.
            LogUnavailable: the share was lost to another worker; nothing is written.
            DatabaseUnavailable: nothing is known to be written.
        """
        gone = {event.id: body(event, ChatEnded, "chat.ended") for event in batch if event.type == _ENDED}
        bodies = {e.id: body(e, InquiryClassified, "inquiry.classified") for e in batch if e.id not in gone}
        async with self._held.use() as conn, conn.transaction():
            new = await inbox.mark(conn, [*bodies, *gone])
            taken = [found for event_id, found in bodies.items() if event_id in new]
            left = [ended for event_id, ended in gone.items() if event_id in new]
            picture = await look(conn, [found.inquiry for found in taken], [ended.session for ended in left])
            version, ruleset = await self._rulesets.live(conn)
            now = self._clock.now()
            intake = Intake(picture, ruleset=ruleset, version=version, now=now)
            for ended in left:  # before the messages, which can only be of those who have come back
                intake.leave(ended)
            for found in sorted(taken, key=lambda found: found.inquiry.sequence):
                intake.take(found.inquiry, found.classification)
            await write(conn, intake.changes, now)
            await traces.keep(conn, {e.subject: named for e in batch if (named := given(e.subject, e.extensions))})
            owned = (batch.fence, self._positions.incarnation)
            if not await inbox.advance(conn, CLASSIFIED, batch.positions, *owned):
                raise LogUnavailable("the share was lost to another worker")
            await events.append(conn, intake.changes.facts)
        self._ages.observe((found.inquiry.received_at for found in taken), now=self._clock.now())

    async def close(self) -> None:
        """Let the connection go."""
        await self._held.close()


class RouterWorker:
    """The loop, as a service."""

    name = GROUP

    def __init__(
        self,
        *,
        url: str,
        log: EventLog,
        rulesets: RuleSetStore,
        clock: Clock,
        quarantine: Quarantine,
        parking: Parking,
        health: Health,
        metrics: Metrics,
    ) -> None:
        self._positions = RouterPositions(url=url)
        self._taking = Taking(url=url, positions=self._positions, rulesets=rulesets, clock=clock, metrics=metrics)
        self._consumer = Consumer(
            group=GROUP,
            stream=CLASSIFIED,
            subscribe=partial(log.subscribe, CLASSIFIED, GROUP, positions=self._positions),
            handle=self._taking.handle,
            quarantine=quarantine,
            parking=parking,
            health=health,
            metrics=metrics,
            clock=clock,
        )
        self.retries = self._consumer.retries

    async def run(self) -> None:
        """Take in what is classified, until cancelled."""
        try:
            await self._consumer.run()
        finally:
            await self._taking.close()
            await self._positions.close()
