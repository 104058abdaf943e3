"""Sign-in from outside: tokens for programs, a cookie for the console."""

from __future__ import annotations

import httpx
import pytest
from fastapi import APIRouter, Depends

from shared.access.store import AccessStore
from shared.access.throttle import Throttle
from shared.http.app import create_app
from shared.http.caller import Authenticator, Caller
from shared.http.rate import Rate, RateLimiter
from shared.http.sign_in import routes

PASSWORD = "correct horse"
CONSOLE = {"X-Console": "1"}
SAME_SITE = CONSOLE | {"Sec-Fetch-Site": "same-origin"}


def guarded(auth: Authenticator) -> APIRouter:
    router = APIRouter()
    allowed = Depends(auth.require("agent", "supervisor"))

    @router.post("/api/v1/agents-only")
    async def agents_only(caller: Caller = allowed) -> str:
        return caller.name

    return router


@pytest.fixture
async def waits():
    return []


@pytest.fixture
async def access(pool, clock, waits):
    async def sleep(seconds):
        waits.append(seconds)

    access = AccessStore(pool, clock=clock, throttle=Throttle(clock, sleep=sleep))
    await access.users.add("jana", name="Jana", roles=["agent"], password=PASSWORD, language="de")
    await access.users.add("aud", name="Aud", roles=["auditor"], password=PASSWORD)
    return access


@pytest.fixture
def open_client(access, clock, health):
    def open_client(base_url="http://localhost", public_url=None):
        auth = Authenticator(access, limiter=RateLimiter(Rate(1, 5), clock), public_url=public_url)
        app = create_app(
            title="Test",
            routers=[routes(access=access, authenticator=auth, public_url=public_url), guarded(auth)],
            health=health,
        )
        return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base_url)

    return open_client


@pytest.fixture
async def client(open_client):
    async with open_client() as client:
        yield client


async def login(client, username="jana", password=PASSWORD, headers=None):
    body = {"username": username, "password": password}
    return await client.post("/api/v1/login", json=body, headers=headers)


async def bearer(client, username="jana"):
    return {"Authorization": f"Bearer {(await login(client, username)).json()['token']}"}


async def test_signing_in_gives_what_the_contract_says(client):
    response = await login(client)
    assert response.status_code == 200
    body = response.json()
    assert set(body) == {"token", "expires_at", "user"}
    assert body["expires_at"] == "2026-03-04T21:00:00.000Z"
    assert set(body["user"]) == {"id", "name", "roles", "agent_id", "language"}
    assert body["user"]["roles"] == ["agent"]
    assert "set-cookie" not in response.headers
    me = await client.get("/api/v1/me", headers={"Authorization": f"Bearer {body['token']}"})
    assert me.json() == body["user"]


async def test_a_key_is_told_who_it_is(client, access):
    key, secret = await access.keys.create("shop")
    me = await client.get("/api/v1/me", headers={"Authorization": f"Bearer {secret}"})
    assert me.json() == {
        "id": str(key.id), "name": "shop", "roles": ["integrator"], "agent_id": None, "language": None,
    }  # fmt: skip


async def test_wrong_passwords_are_401_and_slowed_after_five(client, waits):
    for number in range(8):
        response = await login(client, password=f"guess {number}")
        assert response.status_code == 401
        assert response.json()["code"] == "invalid-credentials"
    assert waits == [1, 2, 4]
    assert (await login(client)).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"username": "jana"},
        {"username": "jana", "password": PASSWORD, "admin": True},
        {"username": ["jana"], "password": {"$ne": ""}},
        {"username": "x" * 10_000, "password": "x"},
        {"username": "x", "password": "x" * 10_000},
    ],
)
async def test_a_body_that_does_not_fit_is_422(client, body):
    response = await client.post("/api/v1/login", json=body)
    assert response.status_code == 422


@pytest.mark.parametrize(("password", "status"), [("\\u0000\\u202e", 401), ("\\udfff", 422)])
async def test_odd_characters_are_refused_like_any_others(client, password, status):
    body = f'{{"username": "\\u0000\\ud800", "password": "{password}"}}'
    response = await client.post("/api/v1/login", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == status


@pytest.mark.parametrize(
    "header",
    [
        "", "Bearer", "Bearer ", "Bearer x", "Basic amFuYTp4", "bearer \xff", "Bearer " + "x" * 5000,
        "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJqYW5hIn0.",
    ],
)  # fmt: skip
async def test_a_header_that_names_nobody_is_401(client, header):
    response = await client.get("/api/v1/me", headers={"Authorization": header.encode("latin-1")})
    assert response.status_code == 401
    assert response.json()["code"] == "unauthenticated"
    assert response.headers["www-authenticate"] == "Bearer"


async def test_no_header_is_401_even_before_the_body_is_judged(client):
    assert (await client.get("/api/v1/me")).status_code == 401
    assert (await client.post("/api/v1/agents-only", json={"x": 1})).status_code == 401


async def test_a_token_in_the_url_is_not_looked_at(client):
    token = (await login(client)).json()["token"]
    assert (await client.get("/api/v1/me", params={"token": token, "access_token": token})).status_code == 401


async def test_a_signed_out_token_is_dead_at_once(client):
    headers = await bearer(client)
    assert (await client.post("/api/v1/logout", headers=headers)).status_code == 204
    assert (await client.get("/api/v1/me", headers=headers)).status_code == 401
    assert (await client.post("/api/v1/logout", headers=headers)).status_code == 401


async def test_a_role_that_may_not_is_403(client):
    assert (await client.post("/api/v1/agents-only", headers=await bearer(client))).status_code == 200
    response = await client.post("/api/v1/agents-only", headers=await bearer(client, "aud"))
    assert response.status_code == 403
    assert response.json()["code"] == "forbidden"


async def test_a_caller_over_its_rate_is_429_and_told_when_to_come_again(client, clock):
    jana, aud = await bearer(client), await bearer(client, "aud")
    answers = [await client.get("/api/v1/me", headers=jana) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[0].headers["ratelimit-policy"] == '"caller";q=5;w=5'
    assert answers[0].headers["ratelimit"] == '"caller";r=4;t=1'
    assert answers[5].headers["ratelimit"] == '"caller";r=0;t=5'
    assert answers[5].headers["retry-after"] == "1"
    assert answers[5].json()["code"] == "rate-limited"
    assert (await client.get("/api/v1/me", headers=aud)).status_code == 200
    clock.advance(1)
    assert (await client.get("/api/v1/me", headers=jana)).status_code == 200


@pytest.mark.parametrize(
    ("base_url", "public_url", "name", "secure"),
    [
        ("http://localhost:8080", None, "session", False),
        ("http://127.0.0.1:8080", None, "session", False),
        ("http://[::1]:8080", None, "session", False),
        ("https://router.example", None, "__Host-session", True),
        ("http://10.0.0.5:8080", "https://router.example", "__Host-session", True),
    ],
)
async def test_the_console_gets_a_cookie_that_scripts_and_other_sites_cannot_use(
    open_client, base_url, public_url, name, secure
):
    async with open_client(base_url, public_url) as client:
        cookie = (await login(client, headers=CONSOLE)).headers["set-cookie"]
        assert cookie.startswith(f"{name}=ir_ses_")
        attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"httponly", "samesite=strict", "path=/"} <= attributes
        assert ("secure" in attributes) == secure
        assert not any(part.startswith("domain") for part in attributes)
        assert "max-age=43200" in attributes


@pytest.mark.parametrize(
    ("base_url", "public_url"), [("http://10.0.0.5", None), ("http://router.example", "http://router.example")]
)
async def test_the_console_does_not_sign_in_over_plain_http_from_elsewhere(open_client, base_url, public_url):
    async with open_client(base_url, public_url) as client:
        response = await login(client, headers=CONSOLE)
        assert response.status_code == 403
        assert response.json()["code"] == "https-needed"
        assert (await login(client)).status_code == 200


async def test_a_cookie_reads_and_writes_only_from_the_console_itself(client):
    await login(client, headers=CONSOLE)
    assert (await client.get("/api/v1/me")).status_code == 200
    assert (await client.post("/api/v1/agents-only", headers=SAME_SITE)).status_code == 200
    for headers in ({}, CONSOLE, {"Sec-Fetch-Site": "same-origin"}, CONSOLE | {"Sec-Fetch-Site": "cross-site"}):
        response = await client.post("/api/v1/agents-only", headers=headers)
        assert response.status_code == 403
    gone = await client.post("/api/v1/logout", headers=SAME_SITE)
    assert gone.status_code == 204
    assert 'session=""' in gone.headers["set-cookie"]
    assert (await client.get("/api/v1/me")).status_code == 401


async def test_a_bearer_header_wins_over_a_cookie(client):
    await login(client, headers=CONSOLE)
    aud = await bearer(client, "aud")
    assert (await client.get("/api/v1/me", headers=aud)).json()["name"] == "Aud"
    assert (await client.get("/api/v1/me", headers={"Authorization": "Bearer x"})).status_code == 401


async def test_a_lost_database_is_503(client, pool):
    headers = await bearer(client)
    await pool.close()
    assert (await login(client)).status_code == 503
    response = await client.get("/api/v1/me", headers={"Authorization": "Bearer other"})
    assert response.status_code == 503
    assert response.headers["retry-after"]
    assert headers
