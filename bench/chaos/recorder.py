"""Writes the history while it happens: numbered, timed, in memory and in a file."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from bench.chaos.checker.history import Assigned, Event, Smtp250, Submit, SubmitResult, Told, to_line
from bench.load.deliveries import Delivery
from bench.load.senders import Answer

_KEPT = frozenset({"work_item_id", "conversation_id", "offer_id", "assignment_id", "agent_id", "version", "state"})


class Recorder:
    """The witness of senders, the hearer of the feed, and the notebook of whoever breaks things."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8")
        self._hash = sha256()
        self.events: list[Event] = []
        self.round = 0

    @property
    def hash(self) -> str:
        """Of all that was written."""
        return self._hash.hexdigest()

    def note(self, event: Event) -> None:
        """Write ``event`` down, as of now."""
        found = replace(event, n=len(self.events), round=self.round, wall=time.time(), mono=time.monotonic())
        self.events.append(found)
        line = to_line(found) + "\n"
        self._file.write(line)
        self._hash.update(line.encode())

    def sending(self, delivery: Delivery) -> None:
        """See ``Witness``."""
        self.note(
            Submit(
                key=delivery.key,
                channel=delivery.door,
                sha256=delivery.sha256,
                conv=delivery.conv,
                seq=delivery.seq,
            )
        )

    def answered(self, delivery: Delivery, answer: Answer) -> None:
        """See ``Witness``."""
        kind = Smtp250 if delivery.door == "lmtp" else SubmitResult
        self.note(
            kind(
                key=delivery.key,
                sha256=delivery.sha256,
                outcome=answer.outcome,
                id=answer.inquiry_id,
                code=answer.code,
            )
        )

    def heard(self, event: Mapping[str, Any]) -> None:
        """A CloudEvent came over the live stream."""
        name = event["type"].removeprefix("inquiryrouter.").removesuffix(".v1")
        kind = Assigned if name.startswith(("offer.", "assignment.")) else Told
        data = {key: value for key, value in event["data"].items() if key in _KEPT}
        place = {"id": event["id"], "sequence": event["sequence"], "subject": event["subject"]}
        self.note(kind(type=name, data=data, **place))

    def close(self) -> None:
        self._file.close()
