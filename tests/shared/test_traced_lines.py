"""Lines of the log are found by the trace of their inquiry: at every stage, where something failed, and of a request."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
from structlog.contextvars import get_contextvars
from structlog.testing import capture_logs

from shared.errors import Undecodable
from shared.http.envelope import Envelope
from shared.tracing import TRACEPARENT
from tests.shared.stage import STREAM, Stage, event, spoil_record, until

NUMBER = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACE = {TRACEPARENT: f"00-{NUMBER}-00f067aa0ba902b7-01"}


async def test_every_stage_tells_of_each_record_under_its_trace() -> None:
    stage = Stage()
    await stage.log.publish(STREAM, [replace(event(0), extensions=TRACE), event(1)])
    with capture_logs() as lines:
        async with stage.running():
            await until(lambda: stage.committed() == 2)
    assert [line["trace_id"] for line in lines if line["event"] == "worker.handled"] == [NUMBER, None]


async def test_what_is_given_up_is_told_with_its_trace() -> None:
    stage = Stage()
    stage.spoil = spoil_record(0, Undecodable("no"))
    await stage.log.publish(STREAM, [replace(event(0), extensions=TRACE)])
    with capture_logs() as lines:
        async with stage.running():
            await until(lambda: stage.committed() == 1)
    assert [line["trace_id"] for line in lines if line["event"] == "worker.quarantined"] == [NUMBER]


async def test_lines_of_a_request_have_the_trace_that_it_came_with() -> None:
    bound: list[dict[str, Any]] = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        bound.append(get_contextvars())
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    transport = httpx.ASGITransport(Envelope(app))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        await client.get("/", headers=TRACE)
        await client.get("/", headers={TRACEPARENT: "00-nonsense"})
    traced, plain = bound
    assert (traced["trace_id"], "trace_id" in plain) == (NUMBER, False)
    assert traced["request_id"] != plain["request_id"]
