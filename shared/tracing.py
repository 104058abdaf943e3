"""W3C Trace Context, carried by hand: one trace an inquiry, from its sender to the last fact about it.

A sender's valid ``traceparent`` goes along as it is. Where there is none, the inquiry's own id is the trace id, so that
nothing need be kept and a record that is published again has the same trace. We record no spans; the log lines of level
DEBUG name the trace at each stage.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

TRACEPARENT = "traceparent"
_HEADER = re.compile(r"(?!ff)[0-9a-f]{2}-((?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2})(-.*)?")


def accepted(header: str | None) -> str | None:
    """What to carry on of a header that somebody sent: in the version that we speak, or nothing."""
    found = _HEADER.fullmatch(header) if isinstance(header, str) else None
    if found is None or (found[2] is not None and found[0].startswith("00")):
        return None
    return f"00-{found[1]}"


def of_inquiry(inquiry_id: str) -> str:
    """The trace of an inquiry whose sender named none."""
    number = inquiry_id.replace("-", "")
    return f"00-{number}-{number[16:]}-01"


def given(inquiry_id: str, headers: Mapping[str, str]) -> str | None:
    """The trace that the sender named, if it did: the one that does not follow from the inquiry's id."""
    carried = headers.get(TRACEPARENT)
    if carried is None or carried == of_inquiry(inquiry_id):
        return None
    return accepted(carried)


def trace_id(headers: Mapping[str, str]) -> str | None:
    """What the lines of the log are found by."""
    carried = accepted(headers.get(TRACEPARENT))
    return carried[3:35] if carried else None
