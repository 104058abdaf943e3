"""The process that parses mail: frames in on stdin, frames out on stdout, ends when its parent does.

A frame in: 4 bytes length, JSON ``{"way": "whole|outline", "null_sender": …}``, 4 bytes length, the mail. A frame
out: 4 bytes length, JSON ``{"fields": …}`` or ``{"fault": "<code>"}``. It has no secrets, opens no file, and may use
a bounded amount of memory, which grows with the mail. Time is its parent's business.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Any

from services.ingest.mail import parse
from services.ingest.mail.body import TooMuch
from shared import frames

_MEGABYTE = 1 << 20
_MEMORY = 256 * _MEGABYTE
_FREE_SIZE = 5 * _MEGABYTE


def main() -> None:
    """Parse until stdin ends."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while (order := frames.read(source)) is not None and (raw := frames.read(source)) is not None:
        frames.write(sink, json.dumps(_answer(json.loads(order), raw)).encode())


def _answer(order: dict[str, Any], raw: bytes) -> dict[str, Any]:
    _limit_memory(len(raw))
    way = parse.whole if order["way"] == "whole" else parse.outline
    try:
        return {"fields": way(raw, null_sender=order["null_sender"])}
    except TooMuch as error:
        return {"fault": str(error)}
    except MemoryError:
        return {"fault": "too-much-memory"}
    except Exception as error:  # noqa: BLE001  # any fault of a parser is an answer: the parent reads the mail another way
        return {"fault": f"parser-{type(error).__name__}"[:60]}


def _limit_memory(size: int) -> None:
    over = max(0, size - _FREE_SIZE)
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY + 8 * over, hard))


if __name__ == "__main__":
    main()
