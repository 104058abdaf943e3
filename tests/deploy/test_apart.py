"""The services apart, with commands and environment of the compose file: they meet in the database alone."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from bench.load.product import COMMAND, Product
from services.bootstrap import CLASSIFIER, INGEST, ROUTER
from tests.deploy.confined import NOBODY, can_confine, confined
from tests.deploy.files import ROOT, by_default, compose
from tests.system.installation import installation

pytestmark = pytest.mark.system

CONTAINERS: dict[str, dict[str, Any]] = compose()["services"]
SWEDISH = "Hej, jag har inte fått mitt paket än. Kan ni se var det är någonstans?"
DANISH = "Hej, min pakke er ikke kommet frem endnu. Kan I se, hvor den er henne?"
SECONDS = 15.0
TO_STOP = 10.0
CANNOT_CONFINE = "needs root, unshare and setpriv, and the right to mount"


@pytest.fixture(params=["as we are", "confined"])
async def apart(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[Mapping[str, Product]]:
    """Three services, up; ``confined`` as compose confines them."""
    with ExitStack() as opened:
        products = {name: opened.enter_context(installation()) for name in (INGEST, CLASSIFIER, ROUTER)}
        for name, product in products.items():
            data = product.folder / "data"
            data.mkdir()
            product.environment = _environment(name, product.folder, database_url)
            product.command = (COMMAND[0], *CONTAINERS[name]["command"])
            if request.param == "confined":
                if not can_confine(folder=data):
                    pytest.skip(CANNOT_CONFINE)
                product.command = confined(product.command, writable=data, memory=_memory(name))
        await asyncio.gather(*(product.start() for product in products.values()))
        yield products


async def test_inquiries_become_work_and_everything_ends_in_time(
    apart: Mapping[str, Product], pool: asyncpg.Pool
) -> None:
    assert [name for name, product in apart.items() if not _is_healthy(product)] == []
    inquiry_id = await _posted(apart[INGEST], SWEDISH)
    work = await _work(pool, "inquiry_id = $1::text::uuid", inquiry_id)
    assert (work["state"], work["language"]) == ("waiting", "sv")
    shown = await _shown(apart[INGEST], inquiry_id)
    assert (shown["state"], shown["classification"]["language"]["value"]) == ("waiting", "sv")
    _drop_mail(apart[INGEST], DANISH)
    work = await _work(pool, "channel = $1", "email")
    assert (work["state"], work["language"]) == ("waiting", "da")
    told = time.monotonic()
    for product in apart.values():
        assert product.process is not None
        product.process.terminate()
    assert {name: product.stop() for name, product in apart.items()} == dict.fromkeys(apart, 0)
    assert time.monotonic() - told < TO_STOP
    assert [name for name, product in apart.items() if _is_healthy(product)] == []


def test_a_confined_service_has_no_rights_and_can_write_nowhere_else() -> None:
    with installation() as product:
        data = product.folder / "data"
        data.mkdir()
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


def _succeeds(command: Sequence[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _environment(name: str, folder: Path, database_url: str) -> dict[str, str]:
    """What compose would set, with this machine's paths for the container's."""
    container = CONTAINERS[name]
    secret = folder / "database_url"
    secret.write_text(database_url)
    mounts = [volume.split(":")[:2] for volume in container.get("volumes", [])]
    places = {target: str(ROOT / source) for source, target in mounts if source.startswith("./")}
    places |= {"/run/secrets/database_url": str(secret), "/mail": str(folder / "data" / "mail")}
    given = {key: by_default(value) for key, value in container["environment"].items() if key != "DATA_DIR"}
    return {key: places.get(value, value) for key, value in given.items()} | {"LOG_URL": "postgres:"}


def _memory(name: str) -> str:
    """How much compose lets it write below /tmp."""
    (size,) = (
        re.findall(r"size=(\w+)", folder)[0] for folder in CONTAINERS[name]["tmpfs"] if folder.startswith("/tmp:")
    )
    return str(size)


async def _posted(ingest: Product, text: str) -> str:
    async with _integrator(ingest) as client:
        answer = await client.post("/inquiries", json={"text": text})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


async def _shown(ingest: Product, inquiry_id: str) -> Any:
    """The inquiry at the door, once it knows of the work."""
    deadline = time.monotonic() + SECONDS
    async with _integrator(ingest) as client:
        while (shown := (await client.get(f"/inquiries/{inquiry_id}")).json())["state"] != "waiting":
            assert time.monotonic() < deadline, shown
            await asyncio.sleep(0.05)
    return shown


def _integrator(ingest: Product) -> httpx.AsyncClient:
    if "key" not in ingest.run:
        environment = {"DATA_DIR": str(ingest.folder / "command")} | ingest.environment
        create = [COMMAND[0], "keys", "create", "a test"]
        made = subprocess.run(create, env=environment, check=True, capture_output=True, text=True)
        ingest.run["key"] = made.stdout.strip()
    headers = {"Authorization": f"Bearer {ingest.run['key']}"}
    return httpx.AsyncClient(base_url=ingest.run["http"] + "/api/v1", headers=headers, timeout=15)


def _drop_mail(ingest: Product, text: str) -> None:
    """As a mail server would: written beside, then moved in."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "mette@kunder.example", "info@shop.example", "Min pakke"
    mail["Message-ID"] = "<1@kunder.example>"
    mail.set_content(text)
    folder = Path(ingest.environment["MAIL_DIR"])
    (folder / "one.eml").write_bytes(bytes(mail))
    (folder / "one.eml").rename(folder / "new" / "one.eml")


async def _work(pool: asyncpg.Pool, where: str, value: str) -> asyncpg.Record:
    """The work item, once the router has it."""
    deadline = time.monotonic() + SECONDS
    while True:
        found = await pool.fetchrow(f"SELECT state, language FROM router.work_item WHERE {where}", value)
        if found is not None:
            return found
        assert time.monotonic() < deadline, "no work item"
        await asyncio.sleep(0.05)


def _is_healthy(product: Product) -> bool:
    """What Docker would find with the image's health check."""
    check = [sys.executable, str(ROOT / "deploy" / "healthcheck.py")]
    environment = {"DATA_DIR": str(product.folder / "data")}
    return subprocess.run(check, env=environment, capture_output=True, check=False).returncode == 0
