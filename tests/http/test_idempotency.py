"""A POST sent twice is done once, and answered alike."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from fastapi import APIRouter
from fastapi import Request as HttpRequest

from shared.access.caller import Caller
from shared.errors import DatabaseUnavailable, Refused
from shared.http.app import create_app
from shared.http.idempotency import IdempotencyStore, once
from shared.http.types import Answer, Request, reply

PATH = "/api/v1/things"


class Thing(Request):
    number: int = 0


class Made(Answer):
    count: int


class Maker:
    """Counts what it makes; a test says how it ends and when."""

    def __init__(self):
        self.count = 0
        self.error = None
        self.running = asyncio.Event()
        self.hold = None

    async def make(self):
        self.count += 1
        self.running.set()
        if self.hold:
            await self.hold.wait()
        if self.error:
            raise self.error
        return reply(Made(count=self.count), status=201, headers={"Location": f"{PATH}/{self.count}"})


@pytest.fixture
def maker():
    return Maker()


@pytest.fixture
async def client(pool, health, maker):
    store = IdempotencyStore(pool)
    router = APIRouter()

    @router.post(PATH)
    async def make(thing: Thing, request: HttpRequest):
        name = request.headers.get("x-caller", "a")
        return await once(request, Caller(name, "key", name, frozenset()), store, maker.make)

    app = create_app(title="Test", routers=[router], health=health)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


async def post(client, key=None, number=1, **headers):
    if key is not None:
        headers["Idempotency-Key"] = key
    return await client.post(PATH, json={"number": number}, headers=headers)


async def test_without_a_key_every_request_counts(client, maker):
    await post(client)
    await post(client)
    assert maker.count == 2


async def test_the_same_key_and_body_get_the_same_answer(client, maker):
    first, again = await post(client, "k"), await post(client, "k")
    assert maker.count == 1
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["content-type"] == "application/json"
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers


async def test_another_body_under_the_same_key_is_refused(client, maker):
    await post(client, "k")
    response = await post(client, "k", number=2)
    assert response.status_code == 422
    assert response.json()["code"] == "idempotency-key-reused"
    assert maker.count == 1


async def test_callers_do_not_meet(client, maker):
    await post(client, "k", **{"X-Caller": "a"})
    response = await post(client, "k", number=2, **{"X-Caller": "b"})
    assert response.status_code == 201
    assert maker.count == 2


async def test_a_request_that_still_runs_is_409_for_its_twins(client, maker):
    maker.hold = asyncio.Event()
    first = asyncio.create_task(post(client, "k"))
    await maker.running.wait()
    twins = await asyncio.gather(*(post(client, "k") for _ in range(10)))
    maker.hold.set()
    assert (await first).status_code == 201
    assert maker.count == 1
    assert {twin.status_code for twin in twins} == {409}
    assert {twin.json()["code"] for twin in twins} == {"in-progress"}
    assert all(twin.headers["retry-after"] for twin in twins)


@pytest.mark.parametrize("error", [Refused("conflict"), DatabaseUnavailable("away"), RuntimeError("a fault")])
async def test_what_came_to_nothing_is_decided_anew(client, maker, error):
    maker.error = error
    assert (await post(client, "k")).status_code in {409, 500, 503}
    maker.error = None
    response = await post(client, "k", number=2)
    assert response.status_code == 201
    assert "idempotent-replayed" not in response.headers


async def test_a_request_whose_process_died_may_run_again(client, pool, maker):
    maker.hold = asyncio.Event()
    first = asyncio.create_task(post(client, "k"))
    await maker.running.wait()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    maker.hold = None
    assert (await post(client, "k")).status_code == 409
    await pool.execute("UPDATE access.idempotency SET started_at = now() - interval '1 minute'")
    assert (await post(client, "k")).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "é", "a\tb"])
async def test_a_key_that_is_none_is_refused(client, maker, key):
    response = await client.post(PATH, json={}, headers={"Idempotency-Key": key.encode("latin-1")})
    assert response.status_code == 422
    assert response.json()["errors"] == [{"pointer": "/Idempotency-Key", "code": "invalid"}]
    assert maker.count == 0


async def test_the_longest_key_is_taken(client):
    assert (await post(client, "~" * 255)).status_code == 201


async def test_many_at_once_are_each_done_once_and_answered_as_before(client, maker):
    keys = [f"k{number}" for number in range(30)]
    first = await asyncio.gather(*(post(client, key) for key in keys))
    again = await asyncio.gather(*(post(client, key) for key in keys))
    assert maker.count == len(keys)
    assert [answer.content for answer in again] == [answer.content for answer in first]
    assert len({answer.content for answer in first}) == len(keys)
    assert {answer.headers.get("idempotent-replayed") for answer in again} == {"true"}
