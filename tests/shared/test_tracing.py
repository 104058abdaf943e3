"""A sender's trace goes along if it is one; else the inquiry's own id is the trace."""

from __future__ import annotations

from uuid import uuid4

import pytest

from shared.tracing import TRACEPARENT, accepted, given, of_inquiry, trace_id

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
HEADER = f"00-{TRACE}-{SPAN}-01"


def test_a_trace_goes_along_as_it_is() -> None:
    assert accepted(HEADER) == HEADER
    assert trace_id({TRACEPARENT: HEADER}) == TRACE


def test_one_of_a_later_version_goes_along_in_ours() -> None:
    assert accepted(f"cc-{TRACE}-{SPAN}-01-what-the-future-brings") == HEADER


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "00",
        HEADER.upper(),
        f"{HEADER}-more",
        f"{HEADER}\n",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-1",
        "x" * 10_000,
    ],
)
def test_what_is_no_trace_is_none(header: str | None) -> None:
    assert accepted(header) is None
    assert trace_id({} if header is None else {TRACEPARENT: header}) is None


def test_the_trace_of_an_inquiry_is_its_id_and_a_valid_one() -> None:
    inquiry = uuid4()
    made = of_inquiry(str(inquiry))
    assert accepted(made) == made
    assert trace_id({TRACEPARENT: made}) == inquiry.hex


def test_only_a_trace_that_does_not_follow_from_the_id_was_given() -> None:
    inquiry = str(uuid4())
    assert given(inquiry, {TRACEPARENT: HEADER}) == HEADER
    assert given(inquiry, {TRACEPARENT: of_inquiry(inquiry)}) is None
    assert given(inquiry, {}) is None
    assert given(inquiry, {TRACEPARENT: "nonsense"}) is None
