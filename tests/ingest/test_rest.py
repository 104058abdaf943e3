"""The REST door: 202 means committed, a repeat is the same, and everybody sees what they may."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.ingest.conftest import AGENT_ID, House
from tests.ingest.wire import Wire

FULL = {
    "text": "Die Karte wurde zweimal belastet.",
    "subject": "Doppelte Abbuchung",
    "channel": "web",
    "language": "de-DE",
    "thread": "T-1",
    "sender": {"name": "Jörg", "email": "j@kunde.example", "phone": None, "handle": None},
    "attributes": {"order": "4711"},
    "attachments": [{"filename": "a.pdf", "content_type": "application/pdf", "content_base64": "aGVsbG8="}],
}


async def test_a_202_is_committed_and_can_be_read_at_once(house: House) -> None:
    async with house.client() as client:
        answer = await client.post("/api/v1/inquiries", json=FULL)
        assert answer.status_code == 202
        accepted = answer.json()
        assert accepted["state"] == "received"
        assert answer.headers["location"] == accepted["links"]["self"] == f"/api/v1/inquiries/{accepted['id']}"
        got = (await client.get(answer.headers["location"])).json()
    assert (got["state"], got["channel"], got["subject"]) == ("received", "web", "Doppelte Abbuchung")
    assert got["sender"]["email"] == "j@kunde.example"
    assert got["version"] == 1
    for part in ("conversation_id", "work_item_id", "classification", "routing", "offer", "assignment", "outcome"):
        assert got[part] is None


async def test_what_is_posted_comes_out_on_the_log_whole(house: House) -> None:
    async with house.client() as client:
        inquiry_id = (await client.post("/api/v1/inquiries", json=FULL)).json()["id"]
    inquiry = await house.inquiry(inquiry_id)
    assert inquiry["text"] == FULL["text"]
    assert inquiry["key"] == "thread:key:shop:T-1"
    assert inquiry["references"] == ["thread:key:shop:T-1"]
    assert (inquiry["language_hint"], inquiry["caller"]) == ("de", "key:shop")
    assert inquiry["attachments"] == [{"filename": "a.pdf", "content_type": "application/pdf", "size": 5}]
    assert inquiry["attributes"] == {"order": "4711"}


async def test_fifty_at_once_under_one_key_are_one_inquiry(house: House) -> None:
    headers = {"Idempotency-Key": "k1"}
    async with house.client() as client:
        answers = await asyncio.gather(
            *(client.post("/api/v1/inquiries", json={"text": "one"}, headers=headers) for _ in range(50))
        )
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert await house.pool.fetchval("SELECT count(*) FROM ingest.receipt") == 1


async def test_a_key_with_another_body_is_refused_and_another_callers_key_is_another_key(house: House) -> None:
    headers = {"Idempotency-Key": "k1"}
    async with house.client() as client, house.client("other") as other:
        first = await client.post("/api/v1/inquiries", json={"text": "one"}, headers=headers)
        reused = await client.post("/api/v1/inquiries", json={"text": "two"}, headers=headers)
        theirs = await other.post("/api/v1/inquiries", json={"text": "two"}, headers=headers)
        again = await client.post("/api/v1/inquiries", json={"text": "one"}, headers=headers)
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency-key-reused")
    assert theirs.status_code == 202
    assert theirs.json()["id"] != first.json()["id"]
    assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")


async def test_two_calls_without_a_key_are_two_inquiries(house: House) -> None:
    async with house.client() as client:
        ids = {(await client.post("/api/v1/inquiries", json={"text": "one"})).json()["id"] for _ in range(2)}
    assert len(ids) == 2


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": "  \n"},
        {"text": 1},
        {"text": "x", "channel": "email"},
        {"text": "x", "unknown": 1},
        {"text": "x", "attributes": {"a": "b" * 17_000}},
        {"text": "x", "language": "not a language"},
        {"text": "x", "attachments": [{"filename": "a", "content_base64": "***"}]},
        {"text": "x", "sender": {"iban": "x"}},
    ],
)
async def test_a_body_that_does_not_fit_is_422_with_pointers(house: House, body: object) -> None:
    async with house.client() as client:
        answer = await client.post("/api/v1/inquiries", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "invalid"


async def test_nul_and_lone_surrogates_are_taken_and_replaced(house: House) -> None:
    body = b'{"text": "a\\u0000b\\ud800c", "subject": "x\\r\\nBcc: y", "attributes": {"k\\u0000": "v\\udfff"}}'
    async with house.client() as client:
        answer = await client.post("/api/v1/inquiries", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 202
    inquiry = await house.inquiry(answer.json()["id"])
    assert inquiry["text"] == "a\ufffdb\ufffdc"
    assert inquiry["subject"] == "x  Bcc: y"
    assert inquiry["attributes"] == {"k\ufffd": "v\ufffd"}


async def test_what_is_not_json_is_415_and_broken_json_400(house: House) -> None:
    async with house.client() as client:
        plain = await client.post("/api/v1/inquiries", content=b"text", headers={"Content-Type": "text/plain"})
        broken = await client.post("/api/v1/inquiries", content=b"{", headers={"Content-Type": "application/json"})
    assert (plain.status_code, broken.status_code) == (415, 400)


async def test_ten_megabytes_and_more_are_413_and_a_large_text_is_taken(house: House) -> None:
    async with house.client() as client:
        over = await client.post("/api/v1/inquiries", json={"text": "x" * 10_000_001})
        large = await client.post("/api/v1/inquiries", json={"text": "x" * 5_000_000})
    assert (over.status_code, large.status_code) == (413, 202)
    inquiry = await house.inquiry(large.json()["id"])
    assert len(inquiry["text"]) == 65_536
    assert inquiry["text_altered"]


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "\u00e9"])
async def test_a_key_that_is_no_key_is_refused(house: House, key: str) -> None:
    headers = [(b"Idempotency-Key", key.encode("latin-1"))]
    async with house.client() as client:
        answer = await client.post("/api/v1/inquiries", json={"text": "x"}, headers=headers)
    assert answer.status_code == 422


async def test_the_auditor_only_reads_and_without_a_credential_nobody_does(house: House) -> None:
    async with house.client("aud") as aud, house.client("nobody") as nobody, house.client("jana") as jana:
        assert (await aud.post("/api/v1/inquiries", json={"text": "x"})).status_code == 403
        assert (await nobody.post("/api/v1/inquiries", json={"text": "x"})).status_code == 401
        assert (await jana.post("/api/v1/inquiries", json={"text": "x", "channel": "desk"})).status_code == 202
        assert (await jana.get("/api/v1/inquiries")).status_code == 403


async def test_a_foreign_inquiry_is_as_unknown_as_one_that_never_was(house: House) -> None:
    async with house.client() as client:
        where = (await client.post("/api/v1/inquiries", json=FULL)).headers["location"]
        unknown = await client.get("/api/v1/inquiries/00000000-0000-4000-8000-00000000ffff")
    assert unknown.status_code == 404
    for name, status in {"other": 404, "jana": 404, "otto": 200, "sara": 200, "aud": 200}.items():
        async with house.client(name) as client:
            assert (await client.get(where)).status_code == status, name
    async with house.client("aud") as aud:
        seen = (await aud.get(where)).json()
    assert (seen["subject"], seen["sender"]) == (None, None)


async def test_an_agent_reads_what_was_put_before_them(house: House) -> None:
    async with house.client() as client, house.client("jana") as jana:
        answer = await client.post("/api/v1/inquiries", json=FULL)
        inquiry_id = answer.json()["id"]
        offer = {"id": str(AGENT_ID), "agent_id": str(AGENT_ID), "expires_at": "2026-03-04T09:00:00+00:00"}
        await house.pool.execute(
            "INSERT INTO ingest.status (inquiry_id, pos, state, work_item_id, updated_at)"
            " VALUES ($1, 1, 'classified', $1, now())",
            inquiry_id,
        )
        await house.pool.execute(
            "INSERT INTO ingest.work_state (work_item_id, pos, version, state, offer, agents, updated_at)"
            " VALUES ($1, 1, 3, 'offered', $2, $3, now())",
            inquiry_id,
            offer,
            str(AGENT_ID),
        )
        seen = (await jana.get(answer.headers["location"])).json()
    assert (seen["state"], seen["version"]) == ("offered", 5)
    assert seen["offer"]["expires_at"] == "2026-03-04T09:00:00.000Z"


async def test_lists_page_newest_first_and_filter(house: House) -> None:
    async with house.client() as client, house.client("otto") as otto, house.client("other") as other:
        ids = [(await client.post("/api/v1/inquiries", json={"text": str(n)})).json()["id"] for n in range(5)]
        web = (await other.post("/api/v1/inquiries", json=FULL)).json()["id"]
        first = (await client.get("/api/v1/inquiries", params={"limit": 2})).json()
        second = (await client.get("/api/v1/inquiries", params={"limit": 2, "after": first["next"]})).json()
        third = (await client.get("/api/v1/inquiries", params={"limit": 2, "after": second["next"]})).json()
        every = (await otto.get("/api/v1/inquiries")).json()
        by_channel = (await otto.get("/api/v1/inquiries", params={"channel": "web"})).json()
        by_state = (await otto.get("/api/v1/inquiries", params={"state": "completed"})).json()
        late = (await otto.get("/api/v1/inquiries", params={"since": "2999-01-01T00:00:00Z"})).json()
        bad = await otto.get("/api/v1/inquiries", params={"after": "nonsense"})
    pages = [item["id"] for page in (first, second, third) for item in page["items"]]
    assert pages == ids[::-1]
    assert third["next"] is None
    assert len(every["items"]) == 6
    assert [item["id"] for item in by_channel["items"]] == [web]
    assert by_state["items"] == late["items"] == []
    assert bad.status_code == 422


async def test_the_door_stays_open_while_the_database_is_away(house: House, wire: Wire) -> None:
    async with house.client() as client:
        await client.post("/api/v1/inquiries", json={"text": "before"})
        await wire.cut()
        away = await client.post("/api/v1/inquiries", json={"text": "away"})
        assert (away.status_code, away.json()["code"]) == (503, "unavailable")
        assert int(away.headers["retry-after"]) >= 1
        await wire.mend()
        assert (await client.post("/api/v1/inquiries", json={"text": "back"})).status_code == 202
    assert await house.pool.fetchval("SELECT count(*) FROM ingest.receipt") == 2


async def test_a_commit_whose_answer_is_lost_is_found_and_answered(house: House, wire: Wire) -> None:
    async with house.client() as client:
        await client.post("/api/v1/inquiries", json={"text": "before"})
        wire.swallow_answer_to = b"a text to be found on the wire"
        answer = await client.post("/api/v1/inquiries", json={"text": "a text to be found on the wire"})
        assert wire.swallow_answer_to is None
        assert answer.status_code == 202
        assert (await client.get(answer.headers["location"])).status_code == 200
    assert await house.pool.fetchval("SELECT count(*) FROM ingest.receipt") == 2


async def test_metrics_count_what_is_accepted_and_refused(house: House) -> None:
    async with house.client() as client:
        headers = {"Idempotency-Key": "k"}
        for body in ({"text": "a"}, {"text": "a"}, {"text": "b"}):
            await client.post(
                "/api/v1/inquiries", content=json.dumps(body), headers=headers | {"Content-Type": "application/json"}
            )
    sample = house.metrics.registry.get_sample_value
    assert sample("inquiry_router_accepted_total", {"channel": "api"}) == 1
    assert sample("inquiry_router_refused_total", {"channel": "api", "code": "idempotency-key-reused"}) == 1
