"""Which messages a mail answers, as names of our own: ``mail:`` and the Message-ID without its brackets."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

_BRACKETED = re.compile(r"<([^<>\s]+)>")
_LONGEST = 250
_MOST = 200


@dataclass(frozen=True, slots=True)
class Thread:
    """``own`` is the mail's name, ``references`` what it answers (closest first), ``root`` where it all began."""

    own: str | None
    references: tuple[str, ...]
    root: str | None


def thread(message_id: str | None, in_reply_to: str | None, references: str | None) -> Thread:
    """The place of a mail with these headers. ``In-Reply-To`` comes first, then all ``References`` from the right."""
    own = next(iter(_names(message_id)), None)
    answered = _names(in_reply_to)
    trail = _names(references)
    every = dict.fromkeys([*answered, *reversed(trail)])
    every.pop(own or "", None)
    root = next(iter(trail), None) or next(iter(answered), None) or own
    return Thread(own, tuple(every)[:_MOST], root)


def _names(header: str | None) -> list[str]:
    if not header:
        return []
    found = _BRACKETED.findall(header) or [part.strip("<>") for part in header.split()[:1]]
    return [_name(each) for each in found if each]


def _name(message_id: str) -> str:
    if len(message_id) > _LONGEST:
        message_id = "sha256-" + hashlib.sha256(message_id.encode()).hexdigest()
    return f"mail:{message_id}"
