"""The voicemail door: JSON or WebVTT, and the call's id is the identity."""

from __future__ import annotations

from typing import Any

import pytest

from services.ingest import vtt
from tests.ingest.conftest import House

CALL: dict[str, Any] = {
    "call_id": "c-1",
    "from": "+371 20000000",
    "to": "+49800555000",
    "language": None,
    "text": None,
    "segments": [
        {"start": 0.0, "end": 2.1, "text": "Labdien,", "confidence": 0.8},
        {"start": 2.1, "end": 4.0, "text": "mana veļas mašīna nedarbojas.", "confidence": None},
    ],
    "confidence": None,
    "duration": 31.5,
    "recording_url": None,
}
VTT = """\ufeffWEBVTT - call

NOTE nothing said here

intro
00:00:00.000 --> 00:00:02.500 align:start
<v Anna>Dzień dobry,
gdzie jest

00:02.500 --> 00:04.000
moja <i>paczka</i> &amp; faktura?
"""


async def test_segments_become_one_text(house: House) -> None:
    async with house.client() as client:
        answer = await client.post("/api/v1/voicemails", json=CALL)
    assert answer.status_code == 202
    inquiry = await house.inquiry(answer.json()["id"])
    assert inquiry["text"] == "Labdien, mana veļas mašīna nedarbojas."
    assert (inquiry["channel"], inquiry["sender"]["phone"]) == ("voicemail", "+371 20000000")
    assert inquiry["attributes"] == {"duration": 31.5}


async def test_webvtt_with_the_call_in_the_query_becomes_the_same_kind_of_inquiry(house: House) -> None:
    query = {"call_id": "c-2", "from": "+48600100200", "to": "+4980", "language": "pl"}
    async with house.client() as client:
        answer = await client.post(
            "/api/v1/voicemails",
            params=query,
            content=VTT.encode(),
            headers={"Content-Type": "text/vtt; charset=utf-8"},
        )
        unnamed = await client.post("/api/v1/voicemails", content=VTT.encode(), headers={"Content-Type": "text/vtt"})
        silent = await client.post(
            "/api/v1/voicemails", params=query, content=b"WEBVTT\n", headers={"Content-Type": "text/vtt"}
        )
    assert answer.status_code == 202
    inquiry = await house.inquiry(answer.json()["id"])
    assert inquiry["text"] == "Dzień dobry, gdzie jest moja paczka & faktura?"
    assert (inquiry["sender"]["phone"], inquiry["language_hint"]) == ("+48600100200", "pl")
    assert (unnamed.status_code, silent.status_code) == (422, 422)


async def test_a_call_told_twice_is_one_inquiry_even_without_a_key(house: House) -> None:
    async with house.client() as client, house.client("other") as other:
        first = await client.post("/api/v1/voicemails", json=CALL)
        again = await client.post("/api/v1/voicemails", json=CALL)
        later = await client.post("/api/v1/voicemails", json=CALL | {"duration": 40})
        theirs = await other.post("/api/v1/voicemails", json=CALL)
    assert first.json() == again.json() == later.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert theirs.json()["id"] != first.json()["id"]


async def test_a_key_holds_for_its_body_only(house: House) -> None:
    headers = {"Idempotency-Key": "k"}
    async with house.client() as client:
        first = await client.post("/api/v1/voicemails", json=CALL, headers=headers)
        again = await client.post("/api/v1/voicemails", json=CALL, headers=headers)
        other_call = await client.post("/api/v1/voicemails", json=CALL | {"call_id": "c-9"}, headers=headers)
        other_body = await client.post("/api/v1/voicemails", json=CALL | {"duration": 1}, headers=headers)
    assert first.json() == again.json()
    assert [each.json()["code"] for each in (other_call, other_body)] == ["idempotency-key-reused"] * 2
    assert {other_call.status_code, other_body.status_code} == {422}
    assert await house.pool.fetchval("SELECT count(*) FROM ingest.receipt") == 1


@pytest.mark.parametrize(
    "change",
    [
        {"call_id": ""},
        {"call_id": None},
        {"segments": None},
        {"segments": []},
        {"segments": [{"start": 0, "end": 1, "text": "  "}]},
        {"segments": [{"start": -1, "end": 1, "text": "a"}]},
        {"segments": [{"start": 2, "end": 1, "text": "a"}]},
        {"confidence": 7},
        {"unknown": 1},
    ],
)
async def test_a_transcript_that_does_not_fit_is_422(house: House, change: dict[str, Any]) -> None:
    async with house.client() as client:
        answer = await client.post("/api/v1/voicemails", json=CALL | change)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def test_another_content_type_is_415_and_the_auditor_403(house: House) -> None:
    async with house.client() as client, house.client("aud") as aud:
        audio = await client.post("/api/v1/voicemails", content=b"RIFF", headers={"Content-Type": "audio/wav"})
        audited = await aud.post("/api/v1/voicemails", json=CALL)
    assert (audio.status_code, audited.status_code) == (415, 403)


def test_cues_keep_their_times_and_lose_their_tags() -> None:
    assert [(cue.start, cue.end) for cue in vtt.cues(VTT.encode())] == [(0.0, 2.5), (2.5, 4.0)]


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe\x00", b"WEBVTT\n\n00:00 --> x\na", b"-->" * 10_000])
def test_what_is_no_webvtt_has_no_cues(raw: bytes) -> None:
    assert vtt.cues(raw) == []
