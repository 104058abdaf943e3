"""The services apart on a database and a log of their own, two of each, at addresses that outlive their processes."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from bench.chaos.database import Database
from bench.chaos.members import LOOK_SECONDS, KafkaBroker, Member, Service, inherited
from bench.load.product import API_KEY, COMMAND, PASSWORD

PROGRAM = (COMMAND[0],)
_EACH = 2
_CHANNELS = "mail: [{address: info@shop.example}]\nchat: [{site: demo, origins: []}]\n"
_CLIENT_SECONDS = 2.0


class Installation:
    """``log`` is ``kafka`` or ``postgres``; ``program`` is the product. ``members`` are all that can be killed."""

    def __init__(self, folder: Path, *, log: str, program: Sequence[str] = PROGRAM) -> None:
        self._program = program
        self._folder = folder
        self.database = Database(folder / "postgres")
        self.broker = KafkaBroker(folder / "broker") if log == "kafka" else None
        self.services: list[Service] = []

    @property
    def members(self) -> list[Member]:
        return [*self.services, *([self.broker] if self.broker else []), self.database]

    def of(self, kind: str) -> list[Service]:
        """The services of one kind."""
        return [service for service in self.services if service.kind == kind]

    async def start(self) -> None:
        """Everything, with the demo company in it, until all are ready."""
        await self.database.make()
        if self.broker is not None:
            await self.broker.start()
        await asyncio.to_thread(self._load_the_company)
        environment = self._environment()
        for kind in ("ingest", "classifier", "router"):
            for number in range(1, _EACH + 1):
                self.services.append(
                    Service(kind, number, self._folder / f"{kind}-{number}", environment, self._program)
                )
        for service in self.services:
            await service.start()
        await self.until_ready(seconds=30)

    async def until_ready(self, *, seconds: float) -> float:
        """Wait until every service says that it is ready; the seconds that it took.

        Raises:
            TimeoutError: names those that are not.
        """
        began = time.monotonic()
        async with httpx.AsyncClient(timeout=_CLIENT_SECONDS) as client:
            while waiting := await _not_ready(client, self.services):
                if time.monotonic() - began > seconds:
                    raise TimeoutError(f"not ready within {seconds:.0f} s: {', '.join(waiting)}")
                await asyncio.sleep(LOOK_SECONDS)
        return time.monotonic() - began

    def keep_logs(self, folder: Path) -> None:
        """Copy what the services said to ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        for service in self.services:
            shutil.copy(service.log, folder / f"{service.name}.log")

    async def clear(self) -> None:
        """Leave nothing running."""
        for service in self.services:
            service.kill()
        if self.broker is not None:
            self.broker.kill()
        await self.database.clear()

    def _environment(self) -> dict[str, str]:
        channels = self._folder / "channels.yaml"
        channels.write_text(_CHANNELS)
        log = self.broker.url if self.broker else "postgres:"
        return inherited() | {"DATABASE_URL": self.database.url, "LOG_URL": log, "CHANNELS_FILE": str(channels)}

    def _load_the_company(self) -> None:
        given = {"DATA_DIR": str(self._folder), "DEMO_PASSWORD": PASSWORD, "DEMO_API_KEY": API_KEY}
        place = {"PATH": os.environ["PATH"], "HOME": str(self._folder), "DATABASE_URL": self.database.url}
        command = [*PROGRAM, "migrate", "--demo"]
        subprocess.run(command, env=place | given | inherited(), check=True, capture_output=True)


async def _not_ready(client: httpx.AsyncClient, services: Sequence[Service]) -> list[str]:
    ready = await asyncio.gather(*(service.ready(client) for service in services))
    return [service.name for service, is_ready in zip(services, ready, strict=True) if not is_ready]


@asynccontextmanager
async def installation(*, log: str, program: Sequence[str] = PROGRAM) -> AsyncIterator[Installation]:
    """A running one, in a folder of its own that PostgreSQL's user may enter; nothing is left behind."""
    folder = Path(tempfile.mkdtemp(prefix="chaos-", dir="/tmp"))
    folder.chmod(0o755)
    found = Installation(folder, log=log, program=program)
    try:
        await found.start()
        yield found
    finally:
        await found.clear()
        shutil.rmtree(folder, ignore_errors=True)
