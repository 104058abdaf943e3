"""What the product tells its operators: JSON lines on stderr, and metrics whose names are a type.

No text and no address of a customer belongs in either. ``correlated`` puts one id on every line of a piece of work.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

_PREFIX = "inquiry_router_"
_SECONDS = (
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.15,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
    60.0,
    300.0,
    3600.0,
)


# Without the values of variables, which are customers' texts and addresses.
_TRACEBACKS = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))


def configure_logging(level: str = "INFO") -> None:
    """Send our own lines of ``level`` and above, and the libraries' warnings, to stderr as one JSON object each."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            *shared,
            _TRACEBACKS,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _TRACEBACKS,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def correlated(correlation_id: str) -> AbstractContextManager[None]:
    """Put ``correlation_id`` on every line logged inside the block, in tasks started there too."""
    return structlog.contextvars.bound_contextvars(correlation_id=correlation_id)


class Ages:
    """How old inquiries are when a stage is done with them; what a stage adds is its part of the way."""

    def __init__(self, metrics: Metrics, stage: str) -> None:
        self._seconds = metrics.receipt_to_stage_seconds.labels(stage)

    def observe(self, receipts: Iterable[datetime], *, now: datetime) -> None:
        """These, received then, are done with ``now``. Clocks of two machines may differ: no age is below zero."""
        for received_at in receipts:
            self._seconds.observe(max(0.0, (now - received_at).total_seconds()))


@dataclass(frozen=True, slots=True)
class Metrics:
    """Every metric of the product, on a registry of its own; the names are part of the contract with operators."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    accepted: Counter = field(init=False)
    refused: Counter = field(init=False)
    classified: Counter = field(init=False)
    offers: Counter = field(init=False)
    receipt_to_stage_seconds: Histogram = field(init=False)
    receipt_to_offer_seconds: Histogram = field(init=False)
    accept_seconds: Histogram = field(init=False)
    waiting: Gauge = field(init=False)
    waiting_oldest_seconds: Gauge = field(init=False)
    log_lag_records: Gauge = field(init=False)
    outbox_pending: Gauge = field(init=False)
    parked: Gauge = field(init=False)
    quarantined: Gauge = field(init=False)
    dispatcher_active: Gauge = field(init=False)
    loop_failures: Counter = field(init=False)

    def __post_init__(self) -> None:
        ProcessCollector(registry=self.registry)
        self._count("accepted", "Deliveries committed and acknowledged, repeats not counted.", ["channel"])
        self._count("refused", "Deliveries refused at a door, by the code told to the sender.", ["channel", "code"])
        self._count("classified", "Inquiries classified.", ["language", "topic", "abstained"])
        self._count("offers", "Offers by what became of them.", ["result"])
        self._time(
            "receipt_to_stage_seconds", "From the receipt of an inquiry to published, classified, routed.", ["stage"]
        )
        self._time("receipt_to_offer_seconds", "From the receipt of an inquiry to its first offer.", ["channel"])
        self._time("accept_seconds", "From a delivery's arrival in the process to its commit.", ["channel"])
        self._gauge("waiting", "Work items that wait, by queue.", ["queue"])
        self._gauge("waiting_oldest_seconds", "Age of the oldest waiting work item, by queue.", ["queue"])
        self._gauge("log_lag_records", "Records not yet committed by this process's share.", ["group", "stream"])
        self._gauge("outbox_pending", "Events recorded and not yet on the log.")
        self._gauge("parked", "Records waiting for another try.")
        self._gauge("quarantined", "Records waiting for a person.", ["stage"])
        self._gauge("dispatcher_active", "1 where the dispatcher works; the sum is never over 1.")
        self._count("loop_failures", "Unexpected ends of a loop; each is started again.", ["loop"])

    def _count(self, name: str, words: str, labels: Sequence[str] = ()) -> None:
        object.__setattr__(self, name, Counter(_PREFIX + name, words, labels, registry=self.registry))

    def _gauge(self, name: str, words: str, labels: Sequence[str] = ()) -> None:
        object.__setattr__(self, name, Gauge(_PREFIX + name, words, labels, registry=self.registry))

    def _time(self, name: str, words: str, labels: Sequence[str] = ()) -> None:
        histogram = Histogram(_PREFIX + name, words, labels, registry=self.registry, buckets=_SECONDS)
        object.__setattr__(self, name, histogram)
