"""How the product comes up, refuses to, goes down when asked, and comes back when it was killed."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from bench.load.product import API_KEY, COMMAND, Product
from tests.system.installation import installation
from tests.system.person import Person

pytestmark = pytest.mark.system


def test_every_wrong_setting_is_told_at_once_and_nothing_starts(open_folder: Path) -> None:
    wrong = {
        "HTTP_PORT": "many",
        "LMTP_PORT": "70000",
        "LOG_URL": "carrier-pigeon://nest",
        "DEMO_OFFER_SECONDS": "1",
        "RATE_PER_KEY": "often",
        "CHANNELS_FILE": "/nowhere/channels.yaml",
    }
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(open_folder / "never"), **wrong}
    started = time.monotonic()
    refused = subprocess.run(COMMAND, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert refused.returncode == 2
    assert [name for name in wrong if name not in refused.stderr] == []
    assert "Traceback" not in refused.stderr
    assert "ready" not in refused.stdout
    assert time.monotonic() - started < 10


async def test_it_says_ready_and_where_and_goes_within_ten_seconds_of_being_told() -> None:
    with installation() as product:
        await product.start()
        runfile = product.folder / "data" / "run.json"
        assert stat.S_IMODE(runfile.stat().st_mode) == 0o600
        assert {"pid", "http", "admin", "lmtp", "postgres_pid", "database_url"} <= product.run.keys()
        assert f"ready {product.run['http']}" in _log(product)
        assert _get(product, "http", "/readyz").status_code == 200
        assert _get(product, "http", "/livez").status_code == 200
        assert "inquiry_router_dispatcher_active 1.0" in _get(product, "admin", "/metrics").text
        asked = time.monotonic()
        assert product.stop() == 0
        assert time.monotonic() - asked < 10
        assert not runfile.exists()
        assert not _alive(product.run["postgres_pid"])


async def test_two_products_do_not_share_a_folder() -> None:
    with installation() as product:
        await product.start()
        second = Product(product.folder)
        with pytest.raises(RuntimeError, match="not ready"):
            await second.start(seconds=20)
        assert second.process is not None
        assert second.process.returncode == 2
        assert _get(product, "http", "/readyz").status_code == 200, "the first one goes on"


async def test_killed_with_its_database_it_is_ready_again_within_twenty_seconds_and_keeps_what_it_took() -> None:
    with installation() as product:
        await product.start()
        posted = _post(product, "Wo ist mein Paket?")
        assert posted.status_code == 202
        product.kill(database=True)
        assert await product.start() <= 20
        async with Person.signed_in(product.run["http"], "jana") as jana:
            await jana.is_("available")
            await jana.works_off(await jana.offer_of(posted.json()["id"], seconds=5))


def _get(product: Product, door: str, path: str) -> httpx.Response:
    return httpx.get(product.run[door] + path)


def _post(product: Product, text: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {API_KEY}"}
    return httpx.post(product.run["http"] + "/api/v1/inquiries", json={"text": text}, headers=headers)


def _log(product: Product) -> str:
    return (product.folder / "product.log").read_text()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(("level", "told"), [("INFO", True), ("ERROR", False)])
async def test_only_lines_of_the_chosen_level_and_above_are_logged(level: str, told: bool) -> None:
    with installation(LOG_LEVEL=level) as product:
        await product.start()
        await _leads(product)
        assert product.stop() == 0
        assert ("dispatcher leads" in (product.folder / "product.log").read_text()) is told


async def _leads(product: Product) -> None:
    """Until the dispatcher works, which it tells at level INFO just before."""
    async with asyncio.timeout(10), httpx.AsyncClient(base_url=product.run["admin"]) as admin:
        while True:
            if "inquiry_router_dispatcher_active 1.0" in (await admin.get("/metrics")).text:
                return
            await asyncio.sleep(0.05)
