"""Quarantine by the API: who sees what of a record, mending it, and putting it back on the log."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.clock import ManualClock
from shared.eventlog.base import Record
from shared.eventlog.memory import MemoryLog
from shared.events import CloudEvent, decode
from shared.parking import Waiting
from shared.quarantine import PostgresQuarantine
from shared.telemetry import Metrics

SECRET = "anna@example.org"
STREAM = "things.happened"
Put = Callable[..., Awaitable[str]]


def record(n: int, value: bytes | None = None) -> Record:
    event = CloudEvent(f"e{n}", "t", "test", f"s{n}", SECRET, datetime(2026, 3, 4, tzinfo=UTC), {"text": SECRET})
    return Record(STREAM, 3, n, SECRET, event.headers(), event.value() if value is None else value)


@pytest.fixture
def put(company: Any) -> Put:
    """Quarantine a record; the answer is its id in the API."""
    quarantine = PostgresQuarantine(company.pool, metrics=Metrics())

    async def put(n: int = 1, value: bytes | None = None, stage: str = "router") -> str:
        await quarantine.put(stage, record(n, value), f"ValueError: {SECRET}", tries=7)
        return str(UUID(int=await company.pool.fetchval("SELECT max(id) FROM log.quarantine")))

    return put


@pytest.fixture
def log(api: Any) -> MemoryLog:
    return api.ports.quarantine._log


async def published(log: MemoryLog) -> list[CloudEvent]:
    records = await (await log.subscribe(STREAM, str(uuid4()))).poll(limit=99, wait=0)
    return [decode(record.key, record.headers, record.value) for record in records]


async def test_operations_see_the_whole_record(api: Any, put: Put) -> None:
    where = await put()
    listed = (await api.get("otto", "/quarantine")).json()
    assert listed["next"] is None
    (item,) = listed["items"]
    assert item | {"first_at": 0, "last_at": 0} == {
        "id": where, "stage": "router", "stream": STREAM, "partition": 3, "position": 1, "key": SECRET,
        "event_id": "e1", "type": "t", "subject": "s1", "reason": f"ValueError: {SECRET}", "tries": 7,
        "first_at": 0, "last_at": 0, "replayed_at": None, "fixed_at": None, "fixed_by": None, "version": 1,
    }  # fmt: skip
    read = await api.get("otto", f"/quarantine/{where}")
    assert read.headers["etag"] == '"1"'
    came = read.json()["came"]
    assert (came["key"], came["headers"]["ce_id"]) == (SECRET, "e1")
    assert (came["value"], came["value_base64"]) == (f'{{"text":"{SECRET}"}}', None)


@pytest.mark.parametrize("who", ["sara", "aud"])
async def test_others_see_what_waits_and_why_but_no_customers_words(api: Any, put: Put, company: Any, who: str) -> None:
    where = await put()
    await api.ports.parking.park("router", [Waiting(record(2), f"KeyError: {SECRET}")], wait=timedelta())
    for path in ("/quarantine", f"/quarantine/{where}", "/parked"):
        answer = await api.get(who, path)
        assert answer.status_code == 200
        assert SECRET not in answer.text
    assert (await api.get(who, f"/quarantine/{where}")).json()["reason"] == "ValueError"


async def test_bytes_that_are_no_text_are_shown_and_mended_as_base64(api: Any, put: Put, log: MemoryLog) -> None:
    where = await put(value=b"\xff\x00")
    read = await api.get("otto", f"/quarantine/{where}")
    assert (read.json()["came"]["value"], read.json()["came"]["value_base64"]) == (None, "/wA=")
    fix = {"value_base64": "e30=", "headers": {"ce_source": "mended"}}
    fixed = await api.put("otto", f"/quarantine/{where}/fix", json=fix, headers={"If-Match": '"1"'})
    assert fixed.status_code == 200
    assert (fixed.headers["etag"], fixed.json()["fixed_by"]) == ('"2"', "user:otto")
    assert fixed.json()["fixed"]["value"] == "{}"
    assert fixed.json()["came"]["value_base64"] == "/wA="
    assert (await api.post("otto", f"/quarantine/{where}/replay", json={})).json() == {"id": where, "replayed": True}
    (event,) = await published(log)
    assert (event.id, event.source, event.data) == ("e1", "mended", {})


@pytest.mark.parametrize(
    ("fix", "tag", "code"),
    [
        ({"value": "{}"}, None, "precondition-required"),
        ({"value": "{}"}, '"7"', "version-mismatch"),
        ({"value": "nothing"}, '"1"', "unreadable"),
        ({"headers": {"ce_id": "another"}}, '"1"', "unreadable"),
        ({"value": "{}", "value_base64": "e30="}, '"1"', "invalid"),
        ({"value_base64": "!"}, '"1"', "invalid"),
        ({"unknown": 1}, '"1"', "invalid"),
    ],
)
async def test_what_is_no_fix_is_refused(api: Any, put: Put, fix: dict[str, Any], tag: str | None, code: str) -> None:
    where = await put()
    headers = {"If-Match": tag} if tag else {}
    answer = await api.put("otto", f"/quarantine/{where}/fix", json=fix, headers=headers)
    assert answer.json()["code"] == code
    assert SECRET not in answer.text


async def test_a_record_that_cannot_be_read_is_not_replayed(api: Any, put: Put, log: MemoryLog) -> None:
    where = await put(value=b"nothing")
    for body in ({}, {"dry_run": True}):
        answer = await api.post("otto", f"/quarantine/{where}/replay", json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "unreadable")
    assert await published(log) == []


async def test_a_dry_run_says_that_it_would_go_and_leaves_it(api: Any, put: Put, log: MemoryLog) -> None:
    where = await put()
    answer = await api.post("otto", f"/quarantine/{where}/replay", json={"dry_run": True})
    assert answer.json() == {"id": where, "replayed": False}
    answer = await api.post("otto", "/quarantine/replay", json={"dry_run": True})
    assert answer.json() == {"replayed": 1, "left": [], "next": None}
    assert await published(log) == []
    assert len((await api.get("otto", "/quarantine")).json()["items"]) == 1


async def test_the_same_replay_sent_twice_publishes_once(api: Any, put: Put, log: MemoryLog) -> None:
    where = await put()
    for _ in range(2):
        answer = await api.post("otto", f"/quarantine/{where}/replay", json={}, headers={"Idempotency-Key": "once"})
        assert answer.status_code == 200
    assert answer.headers["idempotent-replayed"] == "true"
    assert len(await published(log)) == 1


async def test_all_of_a_stage_are_replayed_and_those_that_stay_are_named(api: Any, put: Put, log: MemoryLog) -> None:
    await put(1)
    broken = await put(2, b"nothing")
    await put(3)
    await put(4, stage="classifier")
    wanted = {"stage": "router", "per_second": 1_000}
    answer = (await api.post("otto", "/quarantine/replay", json=wanted)).json()
    assert (answer["replayed"], [left["id"] for left in answer["left"]], answer["next"]) == (2, [broken], None)
    assert [event.id for event in await published(log)] == ["e1", "e3"]


async def test_a_long_replay_answers_in_time_and_goes_on_where_it_ended(
    api: Any, put: Put, log: MemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.router.api.quarantine._LONGEST_SECONDS", 0)
    for n in range(3):
        await put(n)
    wanted: dict[str, Any] = {"per_second": 1_000}
    answers = []
    while not answers or answers[-1]["next"]:
        answers.append((await api.post("otto", "/quarantine/replay", json=wanted)).json())
        wanted["after"] = answers[-1]["next"]
    assert sum(answer["replayed"] for answer in answers) == 3
    assert len(answers) > 1
    assert [event.id for event in await published(log)] == ["e0", "e1", "e2"]


async def test_lists_come_in_pages(api: Any, put: Put) -> None:
    for n in range(3):
        await put(n)
    first = (await api.get("otto", "/quarantine?limit=2")).json()
    rest = (await api.get("otto", f"/quarantine?limit=2&after={first['next']}")).json()
    assert [item["event_id"] for item in first["items"] + rest["items"]] == ["e0", "e1", "e2"]
    assert rest["next"] is None


@pytest.mark.parametrize("where", [UUID(int=7), UUID(int=2**127), "nothing"])
async def test_what_is_not_there_is_not_found(api: Any, where: object) -> None:
    for method, path in (("GET", f"/quarantine/{where}"), ("POST", f"/quarantine/{where}/replay")):
        answer = await api.ask(method, "otto", path, **({} if method == "GET" else {"json": {}}))
        assert answer.status_code == 404


async def test_parked_records_say_what_waits_why_and_until_when(api: Any, clock: ManualClock) -> None:
    first = Waiting(record(1), "ValueError: x")
    await api.ports.parking.park("router", [first, Waiting(record(2))], wait=timedelta(seconds=10))
    items = (await api.get("otto", "/parked")).json()["items"]
    assert [(item["event_id"], item["reason"], item["tries"]) for item in items] == [
        ("e1", "ValueError: x", 0),
        ("e2", None, 0),
    ]
    assert items[0]["next_try_at"] > items[0]["parked_at"]
    assert items[1]["next_try_at"] is None, "it goes on when the one before it does"
    assert (await api.get("otto", "/parked?stage=classifier")).json()["items"] == []
    page = (await api.get("otto", "/parked?limit=1")).json()
    assert [item["event_id"] for item in page["items"]] == ["e1"]
    assert (await api.get("otto", f"/parked?after={page['next']}")).json()["items"] == [items[1]]
