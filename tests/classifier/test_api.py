"""POST /api/v1/classify as the contract has it: 1 to 100 items, integrators and operations, nothing kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest

from services.classifier import api
from services.classifier.pipeline import Pipeline
from shared.access.caller import Caller
from shared.http.app import create_app
from shared.http.caller import Authenticator
from tests.classifier.in_thread import InThread


class Accounts:
    """A token is the name of the role that it has."""

    async def authenticate(self, token: str) -> Caller | None:
        if token == "nobody":
            return None
        return Caller(id=f"key:{token}", kind="key", name=token, roles=frozenset({token}))


class Healthy:
    def ready(self) -> tuple[bool, Mapping[str, object]]:
        return True, {}


@pytest.fixture
async def client(pipeline: Pipeline) -> AsyncIterator[httpx.AsyncClient]:
    routes = api.routes(answering=InThread(pipeline), authenticator=Authenticator(Accounts()))
    app = create_app(title="test", routers=[routes], health=Healthy())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


async def _post(client: httpx.AsyncClient, body: Any, role: str = "integrator") -> httpx.Response:
    return await client.post("/api/v1/classify", json=body, headers={"Authorization": f"Bearer {role}"})


async def test_items_are_answered_in_order_with_every_part(client: httpx.AsyncClient) -> None:
    texts = [
        "Meine Karte wurde doppelt belastet, die Rechnung ist falsch.",
        "Where is my parcel? Tracking says nothing.",
    ]
    answer = await _post(client, {"items": [{"text": text, "channel": "email"} for text in texts]})
    assert answer.status_code == 200
    first, second = answer.json()["items"]
    assert (first["language"]["value"], second["language"]["value"]) == ("de", "en")
    assert (first["topic"]["value"], second["topic"]["value"]) == ("billing", "delivery")
    assert set(first) == {
        "language", "topic", "urgency", "sentiment", "anger", "flags", "passage", "abstained", "reason", "model",
    }  # fmt: skip
    assert set(first["topic"]) == {"value", "confidence", "top"}
    assert first["topic"]["top"][0] == [first["topic"]["value"], first["topic"]["confidence"]]
    assert (first["anger"], first["passage"], first["reason"], first["abstained"]) == (None, None, None, False)
    assert isinstance(first["urgency"]["value"], int)


async def test_everything_but_the_text_may_be_left_out_or_null(client: httpx.AsyncClient) -> None:
    items = [{"text": "hej", "subject": None, "language": None}, {"text": ""}, {"text": "hej", "language": "sv"}]
    answer = await _post(client, {"items": items})
    assert answer.status_code == 200
    assert [item["language"]["value"] for item in answer.json()["items"]] == ["und", "und", "sv"]


@pytest.mark.parametrize("role", ["integrator", "operations"])
async def test_integrators_and_operations_may_ask(client: httpx.AsyncClient, role: str) -> None:
    assert (await _post(client, {"items": [{"text": "hello"}]}, role)).status_code == 200


@pytest.mark.parametrize("role", ["agent", "supervisor", "auditor"])
async def test_other_roles_may_not(client: httpx.AsyncClient, role: str) -> None:
    answer = await _post(client, {"items": [{"text": "hello"}]}, role)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_strangers_may_not(client: httpx.AsyncClient) -> None:
    assert (await _post(client, {"items": [{"text": "hello"}]}, "nobody")).status_code == 401


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"items": []}, "/items"),
        ({"items": [{"text": "a"}] * 101}, "/items"),
        ({"items": [{}]}, "/items/0/text"),
        ({"items": [{"text": "a"}, {"text": 7}]}, "/items/1/text"),
        ({"items": [{"text": "a" * 64_001}]}, "/items/0/text"),
        ({"items": [{"text": "a", "subject": "s" * 1_001}]}, "/items/0/subject"),
        ({"items": [{"text": "a", "channel": "fax"}]}, "/items/0/channel"),
        ({"items": [{"text": "a", "mood": "glad"}]}, "/items/0/mood"),
        ({"texts": []}, "/items"),
    ],
)
async def test_a_request_that_does_not_fit_is_refused_by_its_place(
    client: httpx.AsyncClient, body: dict[str, Any], pointer: str
) -> None:
    answer = await _post(client, body)
    assert answer.status_code == 422
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]


async def test_a_hundred_of_the_longest_texts_are_answered(client: httpx.AsyncClient) -> None:
    answer = await _post(client, {"items": [{"text": "kāpēc rēķins " * 4_900}] * 100})
    assert answer.status_code == 200
    assert len(answer.json()["items"]) == 100
