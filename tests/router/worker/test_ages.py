"""How old an inquiry is when the router has it is measured once, whatever is repeated, and never below zero."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from services.router.service import Taking
from shared.telemetry import Metrics
from shared.worker import Batch


async def test_the_age_is_measured_once(company: Any) -> None:
    metrics = Metrics()
    taking = Taking(
        url=company.url, positions=company.positions, rulesets=company.rulesets, clock=company.clock, metrics=metrics
    )
    old = company.event(company.inquiry(received_at=company.clock.now() - timedelta(seconds=7)))
    ahead = company.event(company.inquiry(received_at=company.clock.now() + timedelta(seconds=1)))
    for position in (1, 2):
        await taking.handle(Batch.of([old, ahead], positions={0: position}, fence=1))
    await taking.close()
    labels = {"stage": "routed"}
    assert metrics.registry.get_sample_value("inquiry_router_receipt_to_stage_seconds_sum", labels) == 7
    assert metrics.registry.get_sample_value("inquiry_router_receipt_to_stage_seconds_count", labels) == 2
