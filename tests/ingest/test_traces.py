"""A sender's trace comes to the log with its inquiry, each time the same; whoever names none has the inquiry's own."""

from __future__ import annotations

import pytest

from shared.events import RECEIVED
from shared.tracing import TRACEPARENT, of_inquiry
from tests.ingest.conftest import House, eventually

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


async def test_it_is_the_same_when_the_inquiry_is_published_again(house: House) -> None:
    async with house.client() as client:
        answer = await client.post("/api/v1/inquiries", json={"text": "Hello"}, headers={TRACEPARENT: NAMED})
    await house.inquiry(answer.json()["id"])

    async def again() -> bool:
        await house.pool.execute("UPDATE ingest.receipt SET publish_again_at = now()")
        return len(house.received()) == 2

    await eventually(again)
    assert await trace_of(house, answer.json()["id"]) == NAMED


async def test_the_way_to_the_log_is_measured_the_first_time_only(house: House) -> None:
    async with house.client() as client:
        answer = await client.post("/api/v1/inquiries", json={"text": "Hello"})
    await house.inquiry(answer.json()["id"])

    async def again() -> bool:
        await house.pool.execute("UPDATE ingest.receipt SET publish_again_at = now()")
        return len(house.received()) == 2

    await eventually(again)
    count = "inquiry_router_receipt_to_stage_seconds_count"
    assert house.metrics.registry.get_sample_value(count, {"stage": "published"}) == 1
