"""What the compose file starts works: from a mail to an accepted offer over a real broker, seen from outside all along."""

from __future__ import annotations

import asyncio
import smtplib
import subprocess
import time
from collections.abc import AsyncIterator, Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.bootstrap import CLASSIFIER, INGEST, ROUTER
from tests.deploy.apart import PASSWORD, Apart, apart, broker, is_healthy, mail_server
from tests.deploy.confined import NOBODY, can_confine, confined
from tests.system.installation import installation

pytestmark = pytest.mark.system

SWEDISH = "Hej, jag har inte fått mitt paket än. Kan ni se var det är någonstans?"
DANISH = "Hej, min pakke er ikke kommet frem endnu. Kan I se, hvor den er henne?"
NAMED = "4bf92f3577b34da6a3ce929d0e0e4736"
SECONDS = 20.0
TO_STOP = 10.0
CANNOT_CONFINE = "needs root, unshare and setpriv, and the right to mount"


@pytest.fixture(params=["on a broker", "on a broker, confined", "on the database"])
async def started(request: pytest.FixtureRequest, database_url: str, open_folder: Path) -> AsyncIterator[Apart]:
    """What compose starts, up; ``confined`` as compose confines it."""
    confine = request.param.endswith("confined")
    if confine and not can_confine(folder=_made(open_folder / "trial")):
        pytest.skip(CANNOT_CONFINE)
    shell = {"database_url": database_url, "LOG_LEVEL": "DEBUG"}
    if request.param == "on the database":
        async with apart(log_url="postgres:", **shell) as running:
            yield running
        return
    folder = _made(open_folder / f"broker-{confine}")  # no comma: it would be two
    with broker(folder, request.getfixturevalue("kafka_jars")) as log_url:
        async with apart(log_url=log_url, confine=confine, **shell) as running:
            yield running


async def test_a_mail_becomes_an_accepted_offer_and_everything_ends_in_time(started: Apart, tmp_path: Path) -> None:
    assert [product.command for product in started.everyone if not is_healthy(product)] == []
    async with _signed_in(started, "otto", "operations") as otto, _signed_in(started, "astrid", "agent") as astrid:
        await _is_free(otto, astrid)
        with mail_server(started.ingest, tmp_path) as address:
            _send(address, SWEDISH)
        offer = await _until(_open_offer, astrid)
        accepted = await astrid.post(f"/offers/{offer['id']}/accept", json={}, headers={"Idempotency-Key": "a"})
        assert accepted.status_code == 200, accepted.text
        shown = await _until(_in_state, started, otto, offer["inquiry_id"], "assigned")
        assert (shown["channel"], shown["classification"]["language"]["value"]) == ("email", "sv")
        await _is_followed(started, offer["inquiry_id"].replace("-", ""))
        await _is_measured(started)
        await _a_trace_is_kept(started, otto)
    await _ends_in_time(started)


async def test_mail_from_a_folder_is_taken_too(database_url: str) -> None:
    async with (
        apart(log_url="postgres:", database_url=database_url) as started,
        _signed_in(started, "otto", "operations") as otto,
    ):
        folder = Path(started.ingest.environment["MAIL_DIR"])
        (folder / "one.eml").write_bytes(bytes(_mail(DANISH)))
        (folder / "one.eml").rename(folder / "new" / "one.eml")
        shown = await _until(_listed, started, otto, "waiting")
        assert shown["classification"]["language"]["value"] == "da"


def test_a_confined_service_has_no_rights_and_can_write_nowhere_else() -> None:
    with installation() as product:
        data = _made(product.folder / "data")
        if not can_confine(folder=data):
            pytest.skip(CANNOT_CONFINE)
        product.folder.chmod(0o777)
        assert _succeeds(confined(["touch", str(data / "it")], writable=data, memory="1m"))
        assert _succeeds(["touch", str(product.folder / "it")])
        assert not _succeeds(confined(["touch", str(product.folder / "it")], writable=data, memory="1m"))
        status = subprocess.run(
            confined(["cat", "/proc/self/status"], writable=data, memory="1m"), capture_output=True, check=True
        )
        lines = status.stdout.decode().split("\n")
        assert f"Uid:\t{NOBODY}\t{NOBODY}\t{NOBODY}\t{NOBODY}" in lines
        assert f"CapBnd:\t{0:016x}" in lines
        assert "NoNewPrivs:\t1" in lines


async def _is_followed(started: Apart, trace_id: str) -> None:
    """Every stage has told of the inquiry under its trace."""
    stages = {INGEST: "ingest.status", CLASSIFIER: "classifier", ROUTER: "router"}
    for name, stage in stages.items():
        lines = [line for product in started.services[name] for line in started.lines(product, trace_id)]
        assert stage in {line.get("stage") for line in lines}, name
    assert "relay.published" in {line["event"] for line in started.lines(started.ingest, trace_id)}


async def _is_measured(started: Apart) -> None:
    """One inquiry has passed each stage, and nothing waits, is parked or given up."""
    for stage in ("published", "classified", "routed"):
        assert await started.metric("inquiry_router_receipt_to_stage_seconds_count", stage=stage) == 1
    assert await started.metric("inquiry_router_receipt_to_offer_seconds_count", channel="email") == 1
    assert await started.metric("inquiry_router_accept_seconds_count", channel="email") == 1
    assert await started.metric("inquiry_router_dispatcher_active") == 1
    assert await started.metric("inquiry_router_parked") == 0


async def _a_trace_is_kept(started: Apart, otto: httpx.AsyncClient) -> None:
    headers = {"traceparent": f"00-{NAMED}-00f067aa0ba902b7-01", "Idempotency-Key": "b"}
    url = f"{started.ingest.run['http']}/api/v1/inquiries"
    posted = await otto.post(url, json={"text": SWEDISH}, headers=headers)
    assert posted.status_code == 202, posted.text
    await _until(_told_by_all, started)


async def _told_by_all(started: Apart) -> bool:
    stages = {line.get("stage") for product in started.everyone for line in started.lines(product, NAMED)}
    return stages >= {"classifier", "router", "ingest.status"}


async def _ends_in_time(started: Apart) -> None:
    told = time.monotonic()
    for product in started.everyone:
        assert product.process is not None
        product.process.terminate()
    assert {product.stop() for product in started.everyone} == {0}
    assert time.monotonic() - told < TO_STOP
    assert [product.command for product in started.everyone if is_healthy(product)] == []


def _signed_in(started: Apart, username: str, role: str) -> httpx.AsyncClient:
    """A client of the router's, with an account made as the README says."""
    started.operate("users", "add", username, "--role", role, password=PASSWORD)
    base = f"{started.router.run['http']}/api/v1"
    answer = httpx.post(f"{base}/login", json={"username": username, "password": PASSWORD}, timeout=15)
    assert answer.status_code == 200, answer.text
    return httpx.AsyncClient(base_url=base, headers={"Authorization": f"Bearer {answer.json()['token']}"}, timeout=15)


async def _is_free(otto: httpx.AsyncClient, agent: httpx.AsyncClient) -> None:
    """The agent reads Swedish, and is there."""
    me = (await agent.get("/me")).json()
    found = await otto.get(f"/agents/{me['agent_id']}")
    skills = {"skills": {"language.sv": 5}, "capacity": 100}
    put = await otto.put(f"/agents/{me['agent_id']}", json=skills, headers={"If-Match": found.headers["etag"]})
    assert put.status_code == 200, put.text
    presence = await agent.put("/me/presence", json={"state": "available", "for_seconds": 3600})
    assert presence.status_code == 200, presence.text


async def _open_offer(agent: httpx.AsyncClient) -> Any:
    offers = (await agent.get("/offers", params={"state": "open"})).json()["items"]
    return offers[0] if offers else None


async def _in_state(started: Apart, otto: httpx.AsyncClient, inquiry_id: str, state: str) -> Any:
    shown = (await otto.get(f"{started.ingest.run['http']}/api/v1/inquiries/{inquiry_id}")).json()
    return shown if shown["state"] == state else None


async def _listed(started: Apart, otto: httpx.AsyncClient, state: str) -> Any:
    found = (await otto.get(f"{started.ingest.run['http']}/api/v1/inquiries", params={"state": state})).json()["items"]
    return found[0] if found else None


async def _until(probe: Any, *arguments: Any) -> Any:
    """What ``probe`` finds, as soon as it finds anything."""
    deadline = time.monotonic() + SECONDS
    while not (found := await probe(*arguments)):
        assert time.monotonic() < deadline, f"{probe.__name__} found nothing"
        await asyncio.sleep(0.05)
    return found


def _mail(text: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "mette@kunder.example", "info@shop.example", "Min pakke"
    mail["Message-ID"] = "<1@kunder.example>"
    mail.set_content(text)
    return mail


def _send(address: tuple[str, int], text: str) -> None:
    with smtplib.SMTP(*address, timeout=15) as server:
        assert server.send_message(_mail(text)) == {}


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


def _succeeds(command: Sequence[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
