"""Names of queues, rules and tags: short, lower-case, safe in a URL."""

from __future__ import annotations

import re

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


def is_name(value: object) -> bool:
    """Whether ``value`` can name a queue, a rule or a tag."""
    return isinstance(value, str) and _NAME.fullmatch(value) is not None
