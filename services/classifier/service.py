"""The stream processor: ``inquiries.received`` in, ``inquiries.classified`` out; no database, nothing kept.

Every inquiry goes on: one that cannot be classified as *abstained* with its reason, automatic mail like any other; with
all its fields, also those that only a later version knows.
Event ids follow from the inquiry's, so that a batch that is handled twice is one to every reader.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from uuid import UUID

from services.classifier.answering import Answering
from services.classifier.question import Question
from shared.clock import Clock
from shared.domain.classification import Classification
from shared.domain.ids import derived_id
from shared.domain.inquiry import Inquiry
from shared.eventlog.base import EventLog
from shared.events import CLASSIFIED, RECEIVED, CloudEvent, InquiryReceived, body, event_type
from shared.health import Health
from shared.parking import Parking
from shared.quarantine import Quarantine
from shared.telemetry import Ages, Metrics
from shared.worker import Consumer

GROUP = "classifier"
_CARRIED = ("traceparent", "tracestate")


class Classifying:
    """What is done with a batch of received inquiries."""

    def __init__(self, *, answering: Answering, log: EventLog, clock: Clock, metrics: Metrics) -> None:
        self._answering = answering
        self._log = log
        self._clock = clock
        self._metrics = metrics
        self._ages = Ages(metrics, "classified")

    async def handle(self, events: Sequence[CloudEvent]) -> None:
        """Classify ``events`` and publish the answers under the same keys, durably.

        Raises:
            Undecodable: one of them is no received inquiry.
            LogUnavailable: the answers may or may not be published; handle the batch again.
        """
        if not events:
            return
        inquiries = [body(event, InquiryReceived, "inquiry.received").inquiry for event in events]
        answers = await self._answering.classify([question(inquiry) for inquiry in inquiries])
        classified = [
            self._event(event, inquiry.id, answer)
            for event, inquiry, answer in zip(events, inquiries, answers, strict=True)
        ]
        await self._log.publish(CLASSIFIED, classified)
        self._ages.observe((inquiry.received_at for inquiry in inquiries), now=self._clock.now())
        for answer in answers:
            abstained = str(answer.abstained).lower()
            self._metrics.classified.labels(answer.language.value, answer.topic.value, abstained).inc()

    def _event(self, cause: CloudEvent, inquiry_id: UUID, answer: Classification) -> CloudEvent:
        return CloudEvent(
            id=str(derived_id("classified", str(inquiry_id))),
            type=event_type("inquiry.classified"),
            source="/classifier",
            subject=str(inquiry_id),
            key=cause.key,
            time=self._clock.now(),
            data={**cause.data, "classification": answer.model_dump(mode="json")},
            extensions=_carried(cause.extensions),
        )


def stage(
    *,
    answering: Answering,
    log: EventLog,
    clock: Clock,
    metrics: Metrics,
    health: Health,
    quarantine: Quarantine,
    parking: Parking,
) -> Consumer:
    """The classifier as a loop: one member of its group; several share the partitions."""
    classifying = Classifying(answering=answering, log=log, clock=clock, metrics=metrics)
    return Consumer(
        group=GROUP,
        stream=RECEIVED,
        subscribe=partial(log.subscribe, RECEIVED, GROUP),
        handle=classifying.handle,
        quarantine=quarantine,
        parking=parking,
        health=health,
        metrics=metrics,
        clock=clock,
    )


def question(inquiry: Inquiry) -> Question:
    """What the pipeline is asked about ``inquiry``; of a chat, everything said so far."""
    return Question(
        text=inquiry.text,
        subject=inquiry.subject,
        channel=inquiry.channel.value,
        language_hint=inquiry.language_hint,
        context=inquiry.context,
    )


def _carried(extensions: Mapping[str, str]) -> dict[str, str]:
    return {name: extensions[name] for name in _CARRIED if name in extensions}
