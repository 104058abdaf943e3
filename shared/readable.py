"""Which log records are events of ours: everything that a reader must not even try goes to quarantine at once."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.catalogue import CATALOGUE
from shared.errors import Undecodable
from shared.eventlog.base import Record
from shared.events import CloudEvent, body, decode, event_type

MOST_BYTES = 1_000_000
"""Of a value: what Kafka takes by default. Ours are far below: texts are cut at the door, files stay there."""

MOST_AHEAD = timedelta(days=1)
"""How far a clock may be ahead of ours; machines an hour apart are an ordinary thing."""


def read(record: Record, now: datetime) -> CloudEvent:
    """The event that ``record`` holds.

    Raises:
        Undecodable: it holds none, is over the size, or is dated in the future.
    """
    if len(record.value) > MOST_BYTES:
        raise Undecodable(f"{len(record.value)} bytes, over {MOST_BYTES}")
    version = record.headers.get("ce_specversion")
    if version != "1.0":
        raise Undecodable(f"CloudEvents of version {version!r}, expected '1.0'")
    try:
        event = decode(record.key, record.headers, record.value)
    except RecursionError as error:
        raise Undecodable("the value is nested too deeply") from error
    if event.time.tzinfo is None:
        raise Undecodable("the time has no zone")
    if event.time - now > MOST_AHEAD:
        raise Undecodable("the time is in the future")
    return event


def check(stream: str, event: CloudEvent) -> None:
    """Whether a reader of ``stream`` can read the body too; of a stream that is none of ours nothing is known.

    Raises:
        Undecodable: another type or version, or fields that do not fit.
    """
    kinds = {event_type(kind.name): kind for kind in CATALOGUE if kind.stream == stream}
    if not kinds:
        return
    kind = kinds.get(event.type)
    if kind is None:
        raise Undecodable(f"{event.type!r} is no event of {stream}")
    body(event, kind.body, kind.name)
