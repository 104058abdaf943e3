"""WebVTT to cues. Lenient: what is no cue is passed over; times that cannot be are an error of the file."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

_TIMES = re.compile(r"\s*((?:\d{1,4}:)?\d{1,2}:\d{1,2}[.,]\d{1,3})\s+-->\s+((?:\d{1,4}:)?\d{1,2}:\d{1,2}[.,]\d{1,3})")
_TAG = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, slots=True)
class Cue:
    """What is said from ``start`` to ``end`` (seconds)."""

    start: float
    end: float
    text: str

    def as_segment(self) -> dict[str, float | str]:
        """The cue as a segment of the JSON body."""
        return {"start": self.start, "end": self.end, "text": self.text}


def cues(raw: bytes) -> list[Cue]:
    """The cues of a WebVTT (or SRT) file in their order."""
    text = raw.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
    found: list[Cue] = []
    lines: list[str] = []
    times: tuple[float, float] | None = None
    for line in [*text.split("\n"), ""]:
        timing = _TIMES.match(line)
        if timing or not line.strip():
            if times and lines:
                found.append(Cue(*times, html.unescape(_TAG.sub("", " ".join(lines))).strip()))
            lines, times = [], (_seconds(timing[1]), _seconds(timing[2])) if timing else None
        elif times:
            lines.append(line.strip())
    return found


def _seconds(stamp: str) -> float:
    parts = [float(part) for part in stamp.replace(",", ".").split(":")]
    return round(sum(part * 60.0**power for power, part in enumerate(reversed(parts))), 3)
