"""As much of PromQL as tells which metrics an expression reads, and by which labels."""

from __future__ import annotations

import re
from dataclasses import dataclass

from prometheus_client.metrics import MetricWrapperBase

from shared.telemetry import Metrics

_WORDS = {"and", "or", "unless", "by", "without", "on", "ignoring", "group_left", "group_right", "bool", "offset"}
_GROUPED = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")
_SELECTOR = re.compile(r"(?<![\w:$])([a-zA-Z_:][\w:]*)(?!\s*\(|[\w:])\s*(?:\{([^}]*)\})?")
_OF_PROMETHEUS = {"up": set(), "process_cpu_seconds_total": set(), "process_resident_memory_bytes": set()}
_OF_EVERY_SERIES = {"job", "instance"}


@dataclass(frozen=True)
class Read:
    """What an expression reads: metrics, the labels that each is selected by, and those that it is grouped by."""

    metrics: dict[str, set[str]]
    groups: set[str]


def read(expression: str) -> Read:
    """Look through ``expression``."""
    bare = re.sub(r'"[^"]*"', '""', expression)
    groups = {label.strip() for listed in _GROUPED.findall(bare) for label in listed.split(",")}
    metrics: dict[str, set[str]] = {}
    for name, matchers in _SELECTOR.findall(re.sub(r"\[[^]]*\]", "", _GROUPED.sub("", bare))):
        if name not in _WORDS:
            metrics.setdefault(name, set()).update(re.findall(r"(\w+)\s*[=!]", matchers))
    return Read(metrics, groups)


def existing() -> dict[str, set[str]]:
    """Every series that the product's pages have, with the labels of each."""
    found = dict(_OF_PROMETHEUS)
    for metric in vars_of(Metrics()):
        labels = set(metric._labelnames)
        parts = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_count", "_sum"]}[metric._type]
        for part in parts:
            found[metric._name + part] = labels | ({"le"} if part == "_bucket" else set())
    return {name: labels | _OF_EVERY_SERIES for name, labels in found.items()}


def vars_of(metrics: Metrics) -> list[MetricWrapperBase]:
    """The metrics themselves."""
    fields = (getattr(metrics, name) for name in Metrics.__dataclass_fields__)
    return [field for field in fields if isinstance(field, MetricWrapperBase)]


def faults(expression: str) -> list[str]:
    """What ``expression`` reads that does not exist."""
    there, wanted = existing(), read(expression)
    unknown = [name for name in wanted.metrics if name not in there]
    labels = [
        f"{name}{{{label}}}" for name, of in wanted.metrics.items() for label in of if label not in there.get(name, of)
    ]
    known = set().union(*(there[name] for name in wanted.metrics if name in there))
    return [*unknown, *labels, *(label for label in wanted.groups if label not in known)]
