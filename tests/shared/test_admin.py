"""The operators' door: metrics by their names in the contract, health in detail."""

from __future__ import annotations

import httpx
import pytest

from shared.admin import admin_app
from shared.health import Health
from shared.telemetry import Metrics

PROMISED = {
    "accepted_total": ("channel",),
    "refused_total": ("channel", "code"),
    "classified_total": ("language", "topic", "abstained"),
    "offers_total": ("result",),
    "receipt_to_offer_seconds": ("channel",),
    "accept_seconds": ("channel",),
    "waiting": ("queue",),
    "waiting_oldest_seconds": ("queue",),
    "log_lag_records": ("group", "stream"),
    "outbox_pending": (),
    "parked": (),
    "quarantined": ("stage",),
    "dispatcher_active": (),
}


@pytest.fixture
def health() -> Health:
    return Health()


async def _get(path: str, *, health: Health, metrics: Metrics) -> httpx.Response:
    transport = httpx.ASGITransport(admin_app(health=health, metrics=metrics))
    async with httpx.AsyncClient(transport=transport, base_url="http://admin") as client:
        return await client.get(path)


async def test_every_promised_metric_is_there_with_its_labels(health: Health) -> None:
    metrics = Metrics()
    fields = {name.removesuffix("_total"): labels for name, labels in PROMISED.items()}
    for name, labels in fields.items():
        assert getattr(metrics, name)._labelnames == labels
    for name in (name for name, labels in fields.items() if labels):
        getattr(metrics, name).labels(*fields[name])
    answer = await _get("/metrics", health=health, metrics=metrics)
    assert answer.headers["content-type"].startswith("text/plain")
    shown = {line.split()[2] for line in answer.text.splitlines() if line.startswith("# TYPE")}
    assert {f"inquiry_router_{name}" for name in PROMISED} <= shown


async def test_two_sets_of_metrics_do_not_know_of_each_other() -> None:
    one, two = Metrics(), Metrics()
    one.parked.set(3)
    assert two.registry.get_sample_value("inquiry_router_parked") == 0


@pytest.mark.parametrize(("good", "status"), [(True, 200), (False, 503)])
async def test_health_names_the_parts_and_the_faults(health: Health, good: bool, status: int) -> None:
    health.set("database", True)
    health.set("dispatcher", good, "ok" if good else "no database")
    answer = await _get("/health", health=health, metrics=Metrics())
    assert answer.status_code == status
    assert answer.json()["failing"] == ([] if good else ["dispatcher"])
    assert answer.json()["parts"]["database"] == "ok"
    assert (await _get("/readyz", health=health, metrics=Metrics())).status_code == status
    assert (await _get("/livez", health=health, metrics=Metrics())).json() == {"status": "ok"}
