"""A sender's trace comes to the log with its inquiry, each time the same; whoever names none has the inquiry's own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.ingest.accept import Accept
from services.ingest.relay import Relay
from shared.clock import SystemClock
from shared.database.wakeups import Wakeups
from shared.eventlog.memory import MemoryLog
from shared.events import RECEIVED
from shared.telemetry import Metrics
from shared.tracing import TRACEPARENT, of_inquiry
from tests.ingest.conftest import House, eventually
from tests.ingest.test_relay import at_work, delivery, events

NAMED = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
VOICEMAIL = {"call_id": "c1", "from": "+371", "to": "1", "text": "Hello"}


async def trace_of(house: House, inquiry_id: str) -> str | None:
    """The trace on the log."""
    await house.inquiry(inquiry_id)
    records = [record for part in range(8) for record in house.broker.part(RECEIVED, part)]
    (found,) = {r.headers.get(TRACEPARENT) for r in records if r.headers["ce_subject"] == inquiry_id}
    return found


@pytest.mark.parametrize(("path", "form"), [("inquiries", {"text": "Hello"}), ("voicemails", VOICEMAIL)])
async def test_a_trace_that_is_named_comes_to_the_log(house: House, path: str, form: dict[str, str]) -> None:
    async with house.client() as client:
        answer = await client.post(f"/api/v1/{path}", json=form, headers={TRACEPARENT: NAMED})
    assert await trace_of(house, answer.json()["id"]) == NAMED


@pytest.mark.parametrize("headers", [{}, {TRACEPARENT: "00-nonsense-01"}])
async def test_without_one_it_is_the_inquirys_own(house: House, headers: dict[str, str]) -> None:
    async with house.client() as client:
        answer = await client.post("/api/v1/inquiries", json={"text": "Hello"}, headers=headers)
    assert await trace_of(house, answer.json()["id"]) == of_inquiry(answer.json()["id"])


async def test_a_repeat_has_the_same_trace_and_the_way_to_the_log_is_measured_once(database_url: str) -> None:
    log, metrics, clock = MemoryLog(), Metrics(), SystemClock()
    accept = Accept(database_url=database_url, clock=clock, metrics=metrics)
    relay = Relay(
        database_url=database_url,
        log=log,
        wakeups=Wakeups(database_url),
        clock=clock,
        metrics=metrics,
        patience=0.05,
        look_again=0.05,
    )
    async with at_work(accept, relay):
        receipt = await accept.submit(replace(delivery("a"), envelope={TRACEPARENT: NAMED}))
        await eventually(lambda: len(events(log.broker)) >= 3)
    assert {(event.subject, event.extensions[TRACEPARENT]) for event in events(log.broker)} == {
        (str(receipt.id), NAMED)
    }
    count = "inquiry_router_receipt_to_stage_seconds_count"
    assert metrics.registry.get_sample_value(count, {"stage": "published"}) == 1
