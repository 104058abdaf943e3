"""What the compose file starts, as processes of this machine: the same commands and environment, other addresses."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bench.broker import Broker, Jars
from bench.broker.ports import free_port
from bench.load.product import COMMAND, Product
from services.bootstrap import CLASSIFIER, INGEST, ROUTER
from tests.deploy.confined import confined
from tests.deploy.files import ROOT, by_default, compose
from tests.system.installation import installation

CONTAINERS: dict[str, dict[str, Any]] = compose()["services"]
NAMES = (INGEST, CLASSIFIER, ROUTER)
PASSWORD = "a password of nobody's"
_OF_THE_PLACE = ("listeners", "advertised.listeners", "controller.quorum.voters", "log.dirs")


@dataclass(frozen=True)
class Apart:
    """The services, by container; the operator's commands run with the environment of the first router."""

    services: dict[str, list[Product]]

    @property
    def everyone(self) -> list[Product]:
        return [product for replicas in self.services.values() for product in replicas]

    @property
    def ingest(self) -> Product:
        return self.services[INGEST][0]

    @property
    def router(self) -> Product:
        return self.services[ROUTER][0]

    def operate(self, *words: str, password: str = "") -> str:
        """``docker compose exec router inquiry-router …``; what it prints."""
        environment = {"DATA_DIR": str(self.router.folder / "command")} | self.router.environment
        command = [COMMAND[0], *words]
        done = subprocess.run(
            command, env=environment, input=password, check=False, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    async def metric(self, name: str, **labels: str) -> float:
        """The sum over every replica of every service."""
        found = [await _sample(product, name, labels) for product in self.everyone]
        return sum(found)

    def lines(self, product: Product, trace_id: str) -> list[dict[str, Any]]:
        """What ``product`` has logged under that trace."""
        text = (product.folder / "product.log").read_text("utf-8")
        return [json.loads(line) for line in text.splitlines() if trace_id in line]


@asynccontextmanager
async def apart(*, database_url: str, log_url: str, confine: bool = False, **shell: str) -> AsyncIterator[Apart]:
    """The three services, as many of each as compose starts, up; ``shell`` are variables of the operator's."""
    with ExitStack() as opened:
        services: dict[str, list[Product]] = {}
        for name in NAMES:
            for _ in range(CONTAINERS[name].get("deploy", {}).get("replicas", 1)):
                product = opened.enter_context(installation())
                (product.folder / "data").mkdir()
                product.environment = _environment(name, product.folder, database_url) | {"LOG_URL": log_url} | shell
                product.command = (COMMAND[0], *CONTAINERS[name]["command"])
                if confine:
                    data = product.folder / "data"
                    product.command = confined(product.command, writable=data, memory=_memory(name))
                services.setdefault(name, []).append(product)
        running = Apart(services)
        await asyncio.gather(*(product.start() for product in running.everyone))
        yield running


@contextmanager
def broker(folder: Path, jars: Jars) -> Iterator[str]:
    """A broker with the properties of the compose file; its LOG_URL."""
    lines = (ROOT / "deploy" / "kafka.properties").read_text("utf-8").splitlines()
    ours = [line for line in lines if line and not line.startswith("#") and line.partition("=")[0] not in _OF_THE_PLACE]
    running = Broker(folder, jars=jars, further="\n".join(ours))
    try:
        running.start()
        yield f"kafka://{running.bootstrap}"
    finally:
        running.kill()


@contextmanager
def mail_server(ingest: Product, folder: Path) -> Iterator[tuple[str, int]]:
    """The mail server to try with, before ``ingest``; where it listens."""
    container = CONTAINERS["mail-server"]
    here = f"127.0.0.1:{free_port()}"
    places = {"0.0.0.0:2525": here, "ingest:8024": ingest.run["lmtp"], "127.0.0.1:2525": here}
    script = {
        "python": sys.executable,
        "/usr/local/lib/inquiry-router/mail_server.py": str(ROOT / "deploy/mail_server.py"),
    }
    command = [script.get(word, word) for word in container["entrypoint"]] + [places[w] for w in container["command"]]
    with (folder / "mail.log").open("wb") as log:
        process = subprocess.Popen(command, env=container["environment"], stdout=log, stderr=log)
    check = [script.get(word, places.get(word, word)) for word in container["healthcheck"]["test"][1:]]
    try:
        while subprocess.run(check, capture_output=True, check=False).returncode != 0:
            assert process.poll() is None, (folder / "mail.log").read_text()
        host, _, port = here.partition(":")
        yield host, int(port)
    finally:
        process.terminate()
        assert process.wait(10) == 0


def is_healthy(product: Product) -> bool:
    """What Docker would find with the image's health check."""
    check = [sys.executable, str(ROOT / "deploy" / "healthcheck.py")]
    environment = {"DATA_DIR": str(product.folder / "data")}
    return subprocess.run(check, env=environment, capture_output=True, check=False).returncode == 0


async def _sample(product: Product, name: str, labels: dict[str, str]) -> float:
    async with httpx.AsyncClient(timeout=5) as client:
        page = (await client.get(f"{product.run['admin']}/metrics")).text
    given = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
    series = f"{name}{{{given}}} " if given else f"{name} "
    return sum(float(line.removeprefix(series)) for line in page.splitlines() if line.startswith(series))


def _environment(name: str, folder: Path, database_url: str) -> dict[str, str]:
    """What compose would set, with this machine's paths for the container's."""
    container = CONTAINERS[name]
    secret = folder / "database_url"
    secret.write_text(database_url)
    mounts = [volume.split(":")[:2] for volume in container.get("volumes", [])]
    places = {target: str(ROOT / source) for source, target in mounts if source.startswith("./")}
    places |= {"/run/secrets/database_url": str(secret), "/mail": str(folder / "data" / "mail")}
    given = {key: by_default(value) for key, value in container["environment"].items() if key != "DATA_DIR"}
    return {key: places.get(value, value) for key, value in given.items()}


def _memory(name: str) -> str:
    """How much compose lets it write below /tmp."""
    folders = [folder for folder in CONTAINERS[name]["tmpfs"] if folder.startswith("/tmp:")]
    (size,) = (re.findall(r"size=(\w+)", folder)[0] for folder in folders)
    return str(size)
