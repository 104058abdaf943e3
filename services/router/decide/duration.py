"""Durations as people write them in rules: ``30s 30m 4h 2d``."""

from __future__ import annotations

import re

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_DURATION = re.compile(r"([1-9][0-9]{0,5})([smhd])")


def seconds_of(text: object) -> int | None:
    """The seconds of a written duration, or nothing if it is none."""
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    return int(found[1]) * _UNITS[found[2]] if found else None
