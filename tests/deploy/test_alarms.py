"""Alerts and dashboard ask for metrics that exist, by labels that they have, and the runbook answers every alert."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import generate_latest

from shared.settings import load
from shared.telemetry import Metrics
from tests.deploy.files import ROOT, compose
from tests.deploy.promql import existing, faults, read, vars_of

DEPLOY = ROOT / "deploy"
(GROUP,) = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())["groups"]
ALERTS: list[dict[str, Any]] = GROUP["rules"]
PROMETHEUS = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
DASHBOARD = json.loads((DEPLOY / "grafana" / "dashboards" / "inquiry-router.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
QUESTIONS = [target["expr"] for panel in PANELS for target in panel["targets"]]

each_alert = pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])


@each_alert
def test_an_alert_asks_for_what_exists(alert: dict[str, Any]) -> None:
    assert faults(alert["expr"]) == []


@each_alert
def test_an_alert_names_only_labels_that_it_keeps(alert: dict[str, Any]) -> None:
    named = set(re.findall(r"\$labels\.(\w+)", alert["annotations"]["summary"]))
    kept = read(alert["expr"]).groups or {"job", "instance"}
    assert named <= kept
    assert alert["labels"]["severity"] in {"page", "look"}


@each_alert
def test_the_runbook_says_what_to_do(alert: dict[str, Any]) -> None:
    assert f"\n**{alert['alert']}**" in (DEPLOY / "README.md").read_text("utf-8")


def test_the_runbook_has_no_alert_that_does_not_exist() -> None:
    named = re.findall(r"^\*\*([A-Z]\w+)\*\*", (DEPLOY / "README.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(named) == sorted(alert["alert"] for alert in ALERTS)


@pytest.mark.parametrize("expression", QUESTIONS)
def test_a_panel_asks_for_what_exists(expression: str) -> None:
    assert faults(expression) == []


def test_every_metric_is_on_the_dashboard() -> None:
    asked = {name for expression in QUESTIONS for name in read(expression).metrics}
    forgotten = [
        metric._name for metric in vars_of(Metrics()) if not any(name.startswith(metric._name) for name in asked)
    ]
    assert forgotten == []


def test_panels_do_not_lie_over_each_other() -> None:
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in DASHBOARD["panels"]]
    assert len(set(places)) == len(places)
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(places)
    assert {panel["datasource"]["uid"] for panel in PANELS} == {"prometheus"}


def test_what_exists_is_what_the_page_says() -> None:
    metrics = Metrics()
    for metric in vars_of(metrics):
        if metric._labelnames:
            metric.labels(*["x"] * len(metric._labelnames))
    page = generate_latest(metrics.registry).decode()
    series = {name for name in re.findall(r"^(\w+)", page, re.MULTILINE) if not name.endswith("_created")}
    assert set(existing()) - {"up"} <= series
    assert {name for name in series if name.startswith("inquiry_router_")} <= set(existing())


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("sum(inquiry_router_acepted_total)", "inquiry_router_acepted_total"),
        ("rate(inquiry_router_accepted[5m])", "inquiry_router_accepted"),
        ('inquiry_router_waiting{que="x"} > 1', "inquiry_router_waiting{que}"),
        ("sum by (queue) (inquiry_router_parked)", "queue"),
        ("up unless on (job) nothing_of_ours", "nothing_of_ours"),
    ],
)
def test_a_question_for_what_does_not_exist_is_found(expression: str, fault: str) -> None:
    assert faults(expression) == [fault]


@pytest.mark.parametrize("job", PROMETHEUS["scrape_configs"], ids=lambda job: job["job_name"])
def test_prometheus_asks_each_service_where_its_metrics_are(job: dict[str, Any]) -> None:
    name = job["job_name"]
    (found,) = job["dns_sd_configs"]
    assert (found["names"], found["port"]) == ([name], load({}, apart=name).admin_port)


def test_every_file_is_where_the_containers_look_for_it() -> None:
    containers = compose()["services"]
    mounts = [volume.split(":") for name in ("prometheus", "grafana") for volume in containers[name]["volumes"]]
    inside = {target: Path(source) for source, target, *_ in mounts if source.startswith("./")}
    (rules,) = PROMETHEUS["rule_files"]
    assert (ROOT / inside[rules]).is_file()
    (provider,) = yaml.safe_load((DEPLOY / "grafana/provisioning/dashboards/inquiry-router.yml").read_text())[
        "providers"
    ]
    assert (ROOT / inside[provider["options"]["path"]] / "inquiry-router.json").is_file()
    (source,) = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yml").read_text())["datasources"]
    assert source["uid"] == "prometheus"
