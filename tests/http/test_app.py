"""The conventions that every route has without doing anything for them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import httpx
import pytest

from shared.http.body import MOST_NESTS, StrictBody, is_strict_json
from shared.http.problems import PROBLEMS

JSON = {"Content-Type": "application/json"}
PROBLEM_FIELDS = {"type", "code", "title", "status", "detail", "errors", "request_id"}


def problem_of(response: httpx.Response) -> dict:
    """The problem document, after checking that it is one."""
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert set(body) == PROBLEM_FIELDS
    assert body["status"] == response.status_code
    assert body["type"] == f"/problems/{body['code']}"
    assert body["request_id"] == response.headers["x-request-id"]
    return body


async def test_a_good_body_is_taken_and_cleaned(client):
    body = json.dumps({"text": "a\x00b\ud800", "subject": " one\r\ntwo ", "attributes": {"k\x00": ["\udfff"]}})
    response = await client.post("/api/v1/notes", content=body, headers=JSON)
    assert response.status_code == 202
    assert response.json() == {"text": "a�b�", "subject": "one  two", "attributes": {"k�": ["�"]}}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nothing",
        b'{"text": "a", "text": "b"}',
        b'{"text": "a", "attributes": {"x": {"k": 1, "k": 2}}}',
        b'{"text": "a", "share": NaN}',
        b'{"text": "a", "attributes": {"x": -Infinity}}',
        b'{"text": "\xff\xfe"}',
        b'{"text": "\xed\xa0\x80"}',
        '{"text": "a"}'.encode("utf-16"),
        b"[" * 40_000,
        b'{"text":' + b"[" * 40_000,
        b'{"text": "a", "attributes": {"x":' + b"[" * 20_000 + b"]" * 20_000 + b"}}",
        b'{"text": "a", "count": ' + b"9" * 50_000 + b"}",
    ],
)
async def test_what_is_not_strict_json_is_a_problem_400(client, body):
    response = await client.post("/api/v1/notes", content=body, headers=JSON)
    assert response.status_code == 400
    assert problem_of(response)["code"] == "invalid-json"


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/text", "missing"),
        ({"text": 5}, "/text", "wrong-type"),
        ({"text": None}, "/text", "wrong-type"),
        ({"text": "a", "extra": 1}, "/extra", "unknown-field"),
        ({"text": "a", "two words": 1}, "", "unknown-field"),
        ({"text": "a", "\ud800": 1}, "", "invalid"),
        ({"text": "a", "attributes": []}, "/attributes", "wrong-type"),
    ],
)
async def test_what_does_not_fit_is_named_by_pointer_and_kind(client, body, pointer, code):
    response = await client.post("/api/v1/notes", content=json.dumps(body), headers=JSON)
    assert response.status_code == 422
    assert problem_of(response)["errors"] == [{"pointer": pointer, "code": code}]


@pytest.mark.parametrize(
    "body",
    [
        '{"text": "a", "share": 1e999}',
        '{"text": "a", "attributes": {"x": 1e999}}',
        '{"text": "a", "count": 99999999999999999999999999999.5}',
        '{"text": "a", "attributes": ' + '{"x":' * 200 + "1" + "}" * 200 + "}",
        '{"text": "a", "attributes": {"x": [' + "1," * 10_000 + "1]}}",
        '{"text": "a", "attributes": {"x": [' + "[]," * 10_000 + "[]]}}",
        '"text"',
        "[]",
        "null",
        '{"\\u0000": "\\ud800"}',
    ],
)
async def test_strange_values_are_refused_as_422(client, body):
    response = await client.post("/api/v1/notes", content=body, headers=JSON)
    assert response.status_code == 422
    problem_of(response)


async def test_no_input_is_echoed(client):
    response = await client.post("/api/v1/notes", json={"text": ["s3cret"], "count": "s3cret", "s3cret s3cret": 1})
    assert response.status_code == 422
    assert "s3cret" not in response.text


async def test_another_content_type_than_json_is_a_problem_415(client):
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        response = await client.post("/api/v1/notes", content=b'{"text": "a"}', headers={"Content-Type": kind})
        assert response.status_code == 415
        assert problem_of(response)["code"] == "unsupported-media-type"


async def test_a_missing_body_is_a_problem_422(client):
    response = await client.post("/api/v1/notes")
    assert response.status_code == 422
    problem_of(response)


async def chunks(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b" " * 10_000


@pytest.mark.parametrize("path", ["/api/v1/notes", "/api/v1/raw"])
@pytest.mark.parametrize("kind", ["application/json", "text/plain"])
async def test_a_body_over_the_limit_is_a_problem_413_however_it_comes(client, path, kind):
    headers = {"Content-Type": kind}
    told = await client.post(path, content=b" " * 100_001, headers=headers)
    counted = await client.post(path, content=chunks(11), headers=headers)
    for response in (told, counted):
        assert response.status_code == 413
        assert problem_of(response)["code"] == "too-large"


async def test_a_body_that_is_told_to_be_too_large_is_not_even_read():
    async def nobody_reads(*_: object) -> dict:
        raise AssertionError("the body was read")

    sent = []

    async def send(message: dict) -> None:
        sent.append(message)

    scope = {"type": "http", "headers": [(b"content-length", b"11")], "state": {"request_id": "r"}}
    await StrictBody(nobody_reads, largest=10)(scope, nobody_reads, send)
    assert sent[0]["status"] == 413


async def test_a_crowd_of_lists_is_not_strict_json():
    assert is_strict_json(b"[" + b"[]," * 100_000 + b"[]]")
    assert not is_strict_json(b"[" + b"[]," * MOST_NESTS + b"[]]")


async def test_a_body_at_the_limit_is_taken(client):
    response = await client.post("/api/v1/raw", content=chunks(10), headers={"Content-Type": "text/plain"})
    assert response.json() == {"size": 100_000}
    body = b'{"text": "' + b"a" * (100_000 - 12) + b'"}'
    assert (await client.post("/api/v1/notes", content=body, headers=JSON)).status_code == 202


async def test_an_unknown_path_or_method_is_a_problem(client):
    unknown = await client.get("/api/v1/nothing")
    assert unknown.status_code == 404
    assert problem_of(unknown)["code"] == "not-found"
    method = await client.delete("/api/v1/notes")
    assert method.status_code == 405
    assert problem_of(method)["code"] == "method-not-allowed"
    assert method.headers["allow"]


async def test_an_id_that_cannot_be_one_is_not_found(client):
    for path in ("/api/v1/notes/1", "/api/v1/notes/%00", "/api/v1/notes/%ff%fe"):
        response = await client.get(path)
        assert response.status_code == 404
        assert problem_of(response)["code"] == "not-found"


async def test_a_page_size_out_of_bounds_is_a_problem_422(client):
    for limit in ("0", "201", "1000000000", "9" * 5000, "x", ""):
        response = await client.get("/api/v1/notes", params={"limit": limit})
        assert response.status_code == 422
        assert problem_of(response)["errors"][0]["pointer"] == "/limit"


async def test_a_route_that_breaks_is_a_problem_500_without_a_detail(client):
    response = await client.get("/api/v1/broken")
    assert response.status_code == 500
    assert problem_of(response)["code"] == "internal"
    assert "secret" not in response.text


async def test_a_temporary_error_is_a_problem_503_that_says_when_to_come_again(client):
    response = await client.get("/api/v1/away")
    assert response.status_code == 503
    assert response.headers["retry-after"] == "3"
    assert problem_of(response)["code"] == "unavailable"
    assert "10.0.0.1" not in response.text


@pytest.mark.parametrize("code", sorted(PROBLEMS))
async def test_every_code_has_its_status_and_carries_its_faults(client, code):
    response = await client.get(f"/api/v1/refused/{code}")
    assert response.status_code == PROBLEMS[code][0]
    fault = {"pointer": "/rules/0/when", "code": "unknown-field", "detail": "no such field", "line": 7}
    assert problem_of(response)["errors"] == [fault]
    assert ("retry-after" in response.headers) == (response.status_code in {429, 503})
    assert ("www-authenticate" in response.headers) == (response.status_code == 401)


async def test_a_code_that_nobody_listed_is_a_fault_of_ours(client):
    response = await client.get("/api/v1/refused/never-heard-of")
    assert response.status_code == 500
    assert problem_of(response)["errors"] == []


async def test_every_answer_wears_the_safety_headers(client):
    for path in (
        "/api/v1/notes",
        "/api/v1/nothing",
        "/api/v1/broken",
        "/livez",
        "/api/docs",
        "/openapi.json",
        "/asyncapi.yaml",
    ):
        headers = (await client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["x-request-id"]
        if path.startswith("/api/"):
            assert headers["cache-control"] == "no-store"


async def test_health_is_open_and_tells_no_detail(client, health):
    assert (await client.get("/livez")).json() == {"status": "ok"}
    assert (await client.get("/readyz")).status_code == 200
    health.well = False
    unready = await client.get("/readyz")
    assert unready.status_code == 503
    assert unready.json() == {"status": "unready"}


async def test_the_openapi_document_names_problems_for_every_refusal(client):
    document = (await client.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert "HTTPValidationError" not in document["components"]["schemas"]
    for methods in document["paths"].values():
        for operation in methods.values():
            assert "422" not in operation["responses"]
            for kind in ("4XX", "5XX"):
                assert "application/problem+json" in operation["responses"][kind]["content"]
    assert {"Problem", "ProblemFault"} <= set(document["components"]["schemas"])


async def test_the_page_about_the_api_needs_no_other_host(client):
    page = await client.get("/api/docs")
    assert page.status_code == 200
    assert "POST /api/v1/notes" in page.text
    assert "//" not in page.text.replace("<!doctype", "")
    assert "<script" not in page.text
