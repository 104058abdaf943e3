"""Every error that the product raises on purpose.

::

    RouterError
    ├── Temporary            the same call may succeed later; carries ``retry_after`` seconds
    │   ├── DatabaseUnavailable
    │   ├── LogUnavailable
    │   │   └── ShareLost    a later fence has the share that this one read
    │   └── Overloaded       a bounded resource is full: refuse, never accept and drop
    ├── Permanent            the same call will fail again
    │   ├── Undecodable      a log record that is not one of our events
    │   └── Refused          a caller's wish that the state forbids; carries a stable ``code``
    └── SettingsError        wrong configuration; carries every fault at once

Errors know nothing of HTTP: ``shared.http.problems`` gives each code its status.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class RouterError(Exception):
    """Root of the tree."""


class Temporary(RouterError):
    """Try the same call again after ``retry_after`` seconds."""

    def __init__(self, message: str, *, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DatabaseUnavailable(Temporary):
    """PostgreSQL cannot be reached, is starting, or has no room on its disk."""


class LogUnavailable(Temporary):
    """The event log cannot be reached."""


class ShareLost(LogUnavailable):
    """A later member of the group has the share: ``fence`` is its fence."""

    def __init__(self, message: str, *, fence: int) -> None:
        super().__init__(message)
        self.fence = fence


class Overloaded(Temporary):
    """A queue, rate or connection limit is reached."""


class Permanent(RouterError):
    """Trying again cannot help."""


class Undecodable(Permanent):
    """A log record that cannot be read as one of our events, or has an unknown version."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with an input: where (JSON pointer), what (stable code), and words for people."""

    pointer: str
    code: str
    detail: str = ""
    line: int | None = None


class Refused(Permanent):
    """A wish that cannot be granted; ``code`` is stable and part of the API."""

    def __init__(self, code: str, detail: str = "", *, faults: Sequence[Fault] = ()) -> None:
        super().__init__(detail or code)
        self.code = code
        self.detail = detail
        self.faults = tuple(faults)


class SettingsError(RouterError):
    """Configuration that does not hold; ``faults`` names every one of them."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)
