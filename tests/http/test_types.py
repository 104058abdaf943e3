"""Times, pages and cursors as the contract writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import pytest
from pydantic import ValidationError

from shared.errors import Refused
from shared.http.types import Answer, Page, Timestamp, decode_cursor, encode_cursor


class Seen(Answer):
    at: Timestamp


def test_a_time_is_written_in_utc_with_milliseconds():
    at = datetime(2026, 3, 4, 10, 14, 2, 113_999, tzinfo=timezone(timedelta(hours=1)))
    assert Seen(at=at).model_dump_json() == '{"at":"2026-03-04T09:14:02.113Z"}'


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValidationError):
        Seen.model_validate({"at": "2026-03-04T09:14:02"})


def test_a_page_says_that_it_is_the_last():
    assert Page[int](items=[1]).model_dump() == {"items": [1], "next": None}


def test_a_cursor_comes_back_to_the_microsecond():
    at, row = datetime(2026, 3, 4, 9, 14, 2, 113_999, tzinfo=UTC), uuid4()
    assert decode_cursor(encode_cursor(at, row)) == (at, row)


@pytest.mark.parametrize(
    "after", ["", "x", "é", "\ud800", "bnVsbA", "W10", "WzEsMl0", "e30", "////", "W1tbW1tb" * 9999]
)
def test_a_cursor_that_is_not_ours_is_refused(after):
    with pytest.raises(Refused) as refusal:
        decode_cursor(after)
    assert refusal.value.faults[0].pointer == "/after"
