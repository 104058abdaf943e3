"""What the classifier hands on: every field and the trace as they came, also those of versions that it does not know."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from services.classifier.pipeline import Pipeline
from services.classifier.service import Classifying
from shared.clock import ManualClock
from shared.domain.inquiry import Inquiry
from shared.errors import Undecodable
from shared.eventlog.memory import MemoryLog
from shared.events import CLASSIFIED, CloudEvent, InquiryClassified, InquiryReceived, body, decode, event_type
from shared.telemetry import Metrics
from tests.classifier.in_thread import InThread

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
ID = UUID("00000000-0000-4000-8000-000000000001")


def received(clock: ManualClock, *, type_: str = event_type("inquiry.received"), **more: Any) -> CloudEvent:
    inquiry = Inquiry(id=ID, sequence=1, caller="c", channel="api", received_at=clock.now(), text="Hello", key="k")
    data = InquiryReceived(inquiry=inquiry).model_dump(mode="json")
    data["inquiry"] |= more
    extensions = {"traceparent": TRACE, "of_another_time": "x"}
    return CloudEvent(str(ID), type_, "/ingest", str(ID), "k", clock.now(), data | {"note": [1]}, extensions)


async def handed_on(pipeline: Pipeline, clock: ManualClock, event: CloudEvent) -> CloudEvent:
    log = MemoryLog()
    await Classifying(answering=InThread(pipeline), log=log, clock=clock, metrics=Metrics()).handle([event])
    async for record in log.tail(CLASSIFIED, from_end=False):
        return decode(record.key, record.headers, record.value)
    raise AssertionError


async def test_fields_of_later_versions_are_handed_on(pipeline: Pipeline, clock: ManualClock) -> None:
    came = received(clock, mood={"of": "the moon"})
    event = await handed_on(pipeline, clock, came)
    assert event.data["inquiry"] == came.data["inquiry"]
    assert event.data["note"] == [1]
    assert body(event, InquiryClassified, "inquiry.classified").classification.topic.value


async def test_the_trace_is_handed_on(pipeline: Pipeline, clock: ManualClock) -> None:
    assert (await handed_on(pipeline, clock, received(clock))).extensions == {"traceparent": TRACE}


async def test_a_time_without_a_zone_is_none(pipeline: Pipeline, clock: ManualClock) -> None:
    with pytest.raises(Undecodable, match="does not fit"):
        await handed_on(pipeline, clock, received(clock, received_at="2026-03-04T09:00:00"))


async def test_how_old_an_inquiry_is_then_is_measured(pipeline: Pipeline, clock: ManualClock) -> None:
    metrics, came = Metrics(), received(clock)
    clock.advance(7)
    await Classifying(answering=InThread(pipeline), log=MemoryLog(), clock=clock, metrics=metrics).handle([came])
    labels = {"stage": "classified"}
    assert metrics.registry.get_sample_value("inquiry_router_receipt_to_stage_seconds_sum", labels) == 7


async def test_a_later_version_is_not_taken_for_one_of_today(pipeline: Pipeline, clock: ManualClock) -> None:
    with pytest.raises(Undecodable, match="unknown event type"):
        await handed_on(pipeline, clock, received(clock, type_="inquiryrouter.inquiry.received.v2"))
