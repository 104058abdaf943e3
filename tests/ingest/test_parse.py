"""Mail to fields: pairs of bytes and expectation, every limit, and nothing that stalls or dies."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.ingest.mail import charset, html, limits, threads
from services.ingest.mail.lanes import Lanes
from services.ingest.mail.parsed import Parsed
from tests.hostile.mails import mails

PAIRS = sorted(Path(__file__).parent.glob("mails/*.eml"))
GOOD = b"From: a@b.example\r\nSubject: good\r\n\r\nWhere is my parcel?\r\n"


@pytest.fixture
async def lanes() -> AsyncIterator[Lanes]:
    lanes = Lanes()
    await lanes.read(GOOD, null_sender=False)
    yield lanes
    await lanes.close()


async def test_there_are_pairs_for_all_six_languages() -> None:
    assert {"de", "sv", "da", "pl", "lv", "en"} <= {pair.name[:2] for pair in PAIRS}


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.stem)
async def test_a_mail_is_read_as_written_beside_it(pair: Path, lanes: Lanes) -> None:
    raw, expected = _pair(pair)
    parsed = (await lanes.read(raw, null_sender=False)).model_dump(mode="json")
    sender = expected.pop("sender", None)
    assert {name: parsed[name] for name in expected} == expected
    if sender:
        assert {name: parsed["sender"][name] for name in sender} == sender
    assert parsed["unreadable"] is None


def _pair(pair: Path) -> tuple[bytes, dict[str, Any]]:
    return pair.read_bytes(), json.loads(pair.with_suffix(".json").read_text())


async def test_every_hostile_mail_is_read_in_time_and_fits_the_database(lanes: Lanes) -> None:
    for case in mails():
        if len(case.raw) > limits.LARGEST_MAIL:
            continue
        since = time.monotonic()
        parsed = await lanes.read(case.raw, null_sender=False)
        assert time.monotonic() - since < 2, case.id
        draft = parsed.draft(recipient=None).model_dump_json()
        assert "\\u0000" not in draft, case.id
        draft.encode()


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (
            b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(60)),
            "too-many-boundaries",
        ),
        (b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n\r\na\r\n" * 1_100, "too-many-parts"),
        (b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n\r\na\r\n" * 600, "too-many-parts"),
        (b"Subject: s\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 3_000, "parser-RecursionError"),
    ],
)
async def test_what_cannot_be_parsed_is_read_in_outline_and_says_why(lanes: Lanes, raw: bytes, reason: str) -> None:
    parsed = await lanes.read(b"From: x@y.example\r\n" + raw, null_sender=False)
    assert (parsed.unreadable, parsed.sender.email) == (reason, "x@y.example")


async def test_a_parser_that_does_not_end_is_killed_and_delays_no_neighbour(monkeypatch: pytest.MonkeyPatch) -> None:
    lanes = Lanes(fast_seconds=0.2, slow_seconds=0.4)
    await asyncio.gather(*(lanes.read(GOOD, null_sender=False) for _ in range(3)))
    # 16 MB of an open tag in every part keep the child busy for longer than both deadlines.
    endless = b"Content-Type: text/html\r\n\r\n<p " + b" ".join(b"a%d=<" % n for n in range(80_000)) + b">"
    hostile = [asyncio.create_task(lanes.read(endless, null_sender=False)) for _ in range(10)]
    await asyncio.sleep(0)
    since = time.monotonic()
    good = await lanes.read(GOOD, null_sender=False)
    assert time.monotonic() - since < 2
    assert good.text == "Where is my parcel?"
    for parsed in await asyncio.gather(*hostile):
        assert parsed.unreadable in {None, "parser-timeout"}
    await lanes.close()


async def test_a_child_that_dies_costs_one_mail_nothing_but_time(lanes: Lanes) -> None:
    for child in lanes._fast._idle:
        child._process.kill()
    assert (await lanes.read(GOOD, null_sender=False)).text == "Where is my parcel?"


async def test_twenty_five_megabytes_are_read_within_their_limits(lanes: Lanes) -> None:
    line = b"QUJD" * 19 + b"\r\n"
    raw = (
        (
            b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\n"
            b"See the file.\r\n--x\r\nContent-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        )
        + line * 330_000
        + b"--x--\r\n"
    )
    assert len(raw) > 25_000_000
    parsed = await lanes.read(raw, null_sender=False)
    assert (parsed.unreadable, parsed.text, parsed.attachments[0].size) == (None, "See the file.", 330_000 * 57)


async def test_an_empty_envelope_sender_makes_it_a_machines_mail(lanes: Lanes) -> None:
    assert (await lanes.read(GOOD, null_sender=True)).automatic == "machine_made"


@pytest.mark.parametrize(
    "name", ["idna", "punycode", "zlib", "rot13", "undefined", "unicode_escape", "../x", "a\0b", "", None]
)
def test_a_charset_that_is_none_never_raises(name: str | None) -> None:
    assert charset.decode(b"abc \xff", name)[0].startswith("abc ")


def test_bytes_of_no_charset_at_all_are_marked() -> None:
    text, altered = charset.decode(b"\x81\x8d\x8f\x90\x9d\xa1\xff\xfe\x00", "utf-8")
    assert altered
    assert "\ufffd" in text


def test_html_in_deep_nesting_or_endless_tags_is_flattened_in_time() -> None:
    since = time.monotonic()
    assert html.to_text("<div>" * 60_000 + "text")[0] == "text"
    assert html.to_text("<p " + " ".join(f'a{n}="{n}"' for n in range(30_000)) + ">text")[0] == "text"
    assert html.to_text("<" * 1_000_000)[1] is False
    assert time.monotonic() - since < 2


def test_headers_are_cut_and_bodies_are_not() -> None:
    trimmed, cut = limits.trim(b"Subject: " + b"x" * 10_000 + b"\r\n\r\nbody")
    assert cut
    assert trimmed.endswith(b"\r\n\r\nbody")
    assert len(trimmed) < 8_300


@pytest.mark.parametrize(
    ("message_id", "own"),
    [
        ("<a@b>", "mail:a@b"),
        ("a@b", "mail:a@b"),
        ("<>", None),
        ("", None),
        (None, None),
        ("\t<a@b>\t<c@d>", "mail:a@b"),
    ],
)
def test_a_message_id_becomes_a_name_or_nothing(message_id: str | None, own: str | None) -> None:
    assert threads.thread(message_id, None, None).own == own


def test_an_endless_message_id_becomes_a_short_name() -> None:
    own = threads.thread(f"<{'x' * 9_000}@b>", None, None).own
    assert own is not None
    assert len(own) < 100


def test_an_answer_of_the_child_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="automatic"):
        Parsed.model_validate({"automatic": "nobody"})
