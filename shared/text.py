"""Text made fit to be kept, once, at the door.

PostgreSQL refuses NUL and lone surrogates in ``text`` and ``jsonb``; JSON and Python let both through. Every string
of a stranger passes ``clean`` or ``clean_line`` before it reaches a column, a log record, a stream or a header.
"""

from __future__ import annotations

import math
import re

REPLACEMENT = "\ufffd"

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def clean(text: str) -> str:
    """``text`` with every NUL and lone surrogate replaced by U+FFFD; the same object when nothing had to go."""
    return _UNSTORABLE.sub(REPLACEMENT, text)


def clean_line(text: str) -> str:
    """``clean`` for names, subjects and the like: controls and line breaks become spaces, the ends are trimmed."""
    return _CONTROLS.sub(" ", clean(text)).strip()


def clean_json(value: object, *, depth: int = 20) -> object:
    """``value`` (as ``json.loads`` gives it) with every string and key cleaned.

    Raises:
        ValueError: nested deeper than ``depth``, a number that is not finite, or something that is not JSON.
    """
    if depth < 0:
        raise ValueError("nested too deep")
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(str(key)): clean_json(item, depth=depth - 1) for key, item in value.items()}
    if isinstance(value, list):
        return [clean_json(item, depth=depth - 1) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("not a finite number")
    if value is None or isinstance(value, bool | int | float):
        return value
    raise ValueError(f"not JSON: {type(value).__name__}")
