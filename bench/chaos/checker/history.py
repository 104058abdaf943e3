"""The history: what the harness did and was told, written outside the product, one JSON object a line.

``ok`` must have happened, ``fail`` must not have, ``info`` may have. ``mono`` is one monotonic clock for all lines of
a run, so that *this was answered before that was asked* can be known.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Literal

Outcome = Literal["ok", "fail", "info"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line: its number, its round, and when it was written, by the wall clock and the monotonic one."""

    k: ClassVar[str]
    n: int = 0
    round: int = 0
    wall: float = 0.0
    mono: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit(Event):
    """A sender is about to send. ``sha256`` is of the raw bytes, which no other key ever sends.

    The same key may be submitted again, with the same bytes (a repeat) or with others (a mistake). ``conv`` and
    ``seq`` place the message in its sender's conversation.
    """

    k = "submit"
    key: str
    channel: str
    sha256: str
    conv: str | None = None
    seq: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitResult(Event):
    """What the sender was told: ``ok`` with the inquiry's ``id``; ``code`` is the door's own word."""

    k = "submit_result"
    key: str
    sha256: str
    outcome: Outcome
    id: str | None = None
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp250(SubmitResult):
    """The same from a mail door: ``info`` where it was cut after the final dot."""

    k = "smtp_250"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told(Event):
    """A fact as the live stream told it. ``id`` is the fact's own, ``data`` its body without texts."""

    k = "state_event"
    id: str
    sequence: int
    type: str
    subject: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned(Told):
    """The same of offers and assignments."""

    k = "assign_event"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentOp(Event):
    """What an agent did. ``mono`` is the return, ``invoked`` the call; ``target`` is the offer, or the item that is completed."""

    k = "agent_op"
    agent: str
    op: Literal["accept", "decline", "complete"]
    target: str
    work_item: str
    outcome: Outcome
    invoked: float
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault(Event):
    """The harness broke something, or mended it; ``reached`` is whether it took effect."""

    k = "fault"
    name: str
    target: str
    phase: Literal["start", "end"]
    reached: bool = True


KINDS: dict[str, type[Event]] = {
    kind.k: kind for kind in (Submit, SubmitResult, Smtp250, Told, Assigned, AgentOp, Fault)
}


def to_line(event: Event) -> str:
    """The event as a line of the file."""
    return json.dumps({"k": event.k} | asdict(event), ensure_ascii=False, separators=(",", ":"))


def from_line(line: str) -> Event:
    """The event that ``to_line`` wrote; fields that it does not know are ignored."""
    found = json.loads(line)
    kind = KINDS[found.pop("k")]
    known = {field.name for field in fields(kind)}
    return kind(**{name: value for name, value in found.items() if name in known})


def read(path: Path) -> Iterator[Event]:
    """The events of a file, in order; a torn last line is none."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.endswith("\n"):
                yield from_line(line)
