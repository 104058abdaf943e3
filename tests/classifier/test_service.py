"""Every received inquiry goes on as a classified one, under an id and key that follow from it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.classifier.pipeline import Pipeline
from services.classifier.service import GROUP, stage
from shared.clock import ManualClock
from shared.domain.ids import derived_id
from shared.domain.inquiry import Automatic, Inquiry
from shared.eventlog.memory import MemoryLog
from shared.events import CLASSIFIED, RECEIVED, CloudEvent, InquiryClassified, InquiryReceived, body, decode, event_type
from shared.health import Health
from shared.parking import MemoryParking
from shared.quarantine import MemoryQuarantine
from shared.telemetry import Metrics
from tests.classifier.in_thread import InThread

DEADLINE = 10


class World:
    """A log in memory with the classifier on it."""

    def __init__(self, pipeline: Pipeline, clock: ManualClock) -> None:
        self.log = MemoryLog()
        self.metrics = Metrics()
        self.health = Health()
        self.quarantine = MemoryQuarantine()
        self.parking = MemoryParking(clock)
        self.clock = clock
        self.pipeline = pipeline

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        loop = stage(
            answering=InThread(self.pipeline),
            log=self.log,
            clock=self.clock,
            metrics=self.metrics,
            health=self.health,
            quarantine=self.quarantine,
            parking=self.parking,
        )
        task = asyncio.create_task(loop.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def receive(self, *inquiries: Inquiry, **extensions: str) -> None:
        await self.log.publish(RECEIVED, [self.event(inquiry, extensions) for inquiry in inquiries])

    def event(self, inquiry: Inquiry, extensions: dict[str, str]) -> CloudEvent:
        return CloudEvent(
            id=str(uuid4()),
            type=event_type("inquiry.received"),
            source="/ingest",
            subject=str(inquiry.id),
            key=inquiry.key,
            time=self.clock.now(),
            data=InquiryReceived(inquiry=inquiry).model_dump(mode="json"),
            extensions=extensions,
        )

    async def classified(self, count: int) -> list[CloudEvent]:
        events: list[CloudEvent] = []
        async with asyncio.timeout(DEADLINE):
            async for record in self.log.tail(CLASSIFIED, from_end=False):
                events.append(decode(record.key, record.headers, record.value))
                if len(events) == count:
                    break
        return events


@pytest.fixture
def world(pipeline: Pipeline, clock: ManualClock) -> World:
    return World(pipeline, clock)


def _inquiry(clock: ManualClock, text: str, **fields: Any) -> Inquiry:
    return Inquiry(
        id=uuid4(), sequence=1, caller="key:1", channel="email", received_at=clock.now(), text=text, key="k", **fields
    )


@contextmanager
def _failing(world: World) -> Iterator[None]:
    world.log.broker.available = False
    yield
    world.log.broker.available = True
    world.log.broker.wake()


async def test_an_inquiry_goes_on_with_its_classification(world: World, clock: ManualClock) -> None:
    asked = _inquiry(clock, "Meine Karte wurde doppelt belastet, die Rechnung ist falsch.")
    async with world.running():
        await world.receive(asked, traceparent="00-1-2-01", sequence="7")
        (event,) = await world.classified(1)
    answer = body(event, InquiryClassified, "inquiry.classified")
    assert answer.inquiry == asked
    assert (answer.classification.language.value, answer.classification.topic.value) == ("de", "billing")
    assert UUID(event.id) == derived_id("classified", str(asked.id))
    assert (event.subject, event.key, event.time) == (str(asked.id), "k", clock.now())
    assert event.extensions == {"traceparent": "00-1-2-01"}
    count = world.metrics.registry.get_sample_value(
        "inquiry_router_classified_total", {"language": "de", "topic": "billing", "abstained": "false"}
    )
    assert count == 1


async def test_what_cannot_be_classified_goes_on_as_abstained(world: World, clock: ManualClock) -> None:
    async with world.running():
        await world.receive(_inquiry(clock, ""), _inquiry(clock, "???", unreadable="charset"))
        events = await world.classified(2)
    answers = [body(event, InquiryClassified, "inquiry.classified").classification for event in events]
    assert [(answer.abstained, answer.language.value) for answer in answers] == [(True, "und")] * 2
    assert all(answer.reason for answer in answers)


async def test_automatic_mail_passes_through(world: World, clock: ManualClock) -> None:
    async with world.running():
        await world.receive(_inquiry(clock, "I am on holiday until Monday.", automatic=Automatic.AUTO_REPLY))
        (event,) = await world.classified(1)
    assert body(event, InquiryClassified, "inquiry.classified").inquiry.automatic is Automatic.AUTO_REPLY


async def test_a_chat_is_asked_with_its_earlier_words(world: World, clock: ManualClock) -> None:
    async with world.running():
        await world.receive(
            _inquiry(clock, "hello?", context="I forgot my password and cannot log in to my account"),
            _inquiry(clock, "hej", language_hint="sv"),
        )
        first, second = await world.classified(2)
    assert body(first, InquiryClassified, "inquiry.classified").classification.topic.value == "account"
    assert body(second, InquiryClassified, "inquiry.classified").classification.language.value == "sv"


async def test_the_order_of_a_key_is_kept(world: World, clock: ManualClock) -> None:
    asked = [_inquiry(clock, f"parcel number {n}") for n in range(300)]
    await world.receive(*asked)
    async with world.running():
        events = await world.classified(300)
    assert [event.subject for event in events] == [str(inquiry.id) for inquiry in asked]


async def test_work_goes_on_where_the_last_member_stopped(world: World, clock: ManualClock) -> None:
    async with world.running():
        await world.receive(_inquiry(clock, "one"))
        await world.classified(1)
        await _until_nothing_is_left(world)
    async with world.running():
        await world.receive(_inquiry(clock, "two"))
        events = await world.classified(2)
    assert len({event.id for event in events}) == 2


async def test_a_log_that_is_away_loses_nothing_and_quarantines_nothing(world: World, clock: ManualClock) -> None:
    async with world.running():
        await world.receive(_inquiry(clock, "one"))
        await world.classified(1)
        with _failing(world):
            await _until(lambda: not world.health.ready()[0])
        await world.receive(_inquiry(clock, "two"))
        events = await world.classified(2)
    assert len({event.id for event in events}) == 2
    assert world.quarantine.kept == {}


async def test_a_record_that_is_no_inquiry_goes_to_quarantine_and_spares_its_neighbours(
    world: World, clock: ManualClock
) -> None:
    good, bad = _inquiry(clock, "one"), _inquiry(clock, "two")
    wrong = world.event(bad, {})
    await world.log.publish(RECEIVED, [CloudEvent(**(_fields(wrong) | {"type": "inquiryrouter.inquiry.received.v9"}))])
    await world.receive(good)
    async with world.running():
        (event,) = await world.classified(1)
        await _until_nothing_is_left(world)
    assert event.subject == str(good.id)
    assert len(world.quarantine.kept) == 1


def _fields(event: CloudEvent) -> dict[str, Any]:
    return {name: getattr(event, name) for name in CloudEvent.__slots__}


async def _until_nothing_is_left(world: World) -> None:
    parts = world.log.broker.parts.items()
    received = sum(len(records) for (stream, _), records in parts if stream == RECEIVED)
    await _until(lambda: sum(world.log.broker.groups[RECEIVED, GROUP].committed.values()) == received)


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not condition():  # noqa: ASYNC110  # what is looked at has no event
            await asyncio.sleep(0.01)
