"""Receipts → ``inquiries.received``: in accept order per key, at least once, under one event id for ever.

Each part is published by one relay at a time, under an advisory lock held to the end of the transaction that marks
what was published. A crash in between publishes again; so does a receipt that is not routed after a minute, which
heals a log that was away or wiped. Readers know a repeat by its id.
"""

from __future__ import annotations

from collections.abc import Sequence
from logging import DEBUG

import structlog

from services.ingest.channel import Draft
from services.ingest.store import publishing
from services.ingest.store.publishing import Ready
from services.ingest.store.receipts import PARTS
from shared.clock import Clock
from shared.database.connection import Held
from shared.database.wakeups import Wakeups
from shared.domain.ids import derived_id
from shared.eventlog.base import EventLog
from shared.events import RECEIVED, CloudEvent, InquiryReceived, event_type
from shared.telemetry import Ages, Metrics
from shared.tracing import TRACEPARENT, of_inquiry, trace_id
from shared.within import within

_BATCH = 200
_POLL_SECONDS = 0.25
_PATIENCE_SECONDS = 60.0
_LOOK_AGAIN_SECONDS = 5.0
_LONGEST_EVENT_TEXT = 65_536
"""Characters; the log carries no more of a text, the raw bytes keep it whole."""

log = structlog.get_logger(__name__)


class Relay:
    """The loop that publishes."""

    name = "ingest.relay"

    def __init__(
        self,
        *,
        database_url: str,
        log: EventLog,
        wakeups: Wakeups,
        clock: Clock,
        metrics: Metrics | None = None,
        patience: float = _PATIENCE_SECONDS,
        look_again: float = _LOOK_AGAIN_SECONDS,
    ) -> None:
        self._held = Held(database_url, name=self.name, hot=True)
        self._log = log
        self._clock = clock
        self._ages = Ages(metrics or Metrics(), "published")
        self._patience = patience
        self._look_again = look_again
        self._hint = wakeups.subscribe("ingest_ready")

    async def run(self) -> None:
        """Publish until cancelled.

        Raises:
            LogUnavailable, DatabaseUnavailable: nothing is marked that is not published; run again.
        """
        looked = self._clock.monotonic()
        try:
            while True:
                self._hint.clear()
                full = await self._pass() == _BATCH
                if self._clock.monotonic() - looked >= self._look_again:
                    looked = self._clock.monotonic()
                    full |= await self._pass(again=True) == _BATCH
                if not full:
                    async with within(_POLL_SECONDS):
                        await self._hint.wait()
        finally:
            await self._held.close()

    async def _pass(self, *, again: bool = False) -> int:
        async with self._held.use() as connection, connection.transaction():
            parts = await publishing.lock(connection, PARTS)
            ready = await (publishing.again if again else publishing.new)(connection, parts, _BATCH)
            if ready:
                events = [self._event(one) for one in ready]
                await self._log.publish(RECEIVED, events)
                await publishing.mark(connection, [one.seq for one in ready], self._patience)
                _tell(events)
                if not again:
                    self._ages.observe((one.received_at for one in ready), now=self._clock.now())
        return len(ready)

    def _event(self, ready: Ready) -> CloudEvent:
        draft = Draft.model_validate(ready.body)
        inquiry = draft.inquiry(id=ready.id, sequence=ready.seq, caller=ready.caller, received_at=ready.received_at)
        if len(inquiry.text) > _LONGEST_EVENT_TEXT:
            inquiry = inquiry.model_copy(update={"text": inquiry.text[:_LONGEST_EVENT_TEXT], "text_altered": True})
        return CloudEvent(
            id=str(derived_id("received", str(ready.id))),
            type=event_type("inquiry.received"),
            source="/ingest",
            subject=str(ready.id),
            key=inquiry.key,
            time=ready.received_at,
            data=InquiryReceived(inquiry=inquiry).model_dump(mode="json"),
            extensions={TRACEPARENT: ready.traceparent or of_inquiry(str(ready.id))},
        )


def _tell(events: Sequence[CloudEvent]) -> None:
    if log.is_enabled_for(DEBUG):  # asked first: a line an inquiry is the price of following one
        for event in events:
            log.debug("relay.published", trace_id=trace_id(event.extensions))
