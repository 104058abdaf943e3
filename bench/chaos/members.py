"""What can be killed, seen alike: a name, a process, a start that ends when it serves again."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import httpx

from bench.broker import Broker
from bench.broker.ports import free_port
from bench.load.product import Product

LOOK_SECONDS = 0.05


class Member(Protocol):
    """One process of the installation."""

    name: str

    @property
    def pid(self) -> int | None:
        """Its process, while it lives."""
        ...

    def kill(self) -> bool:
        """SIGKILL; whether it lived, and died of it."""
        ...

    async def start(self) -> None:
        """Start it, and wait until it says that it is there."""
        ...


class Service:
    """One of the three services, always at the same addresses."""

    def __init__(
        self, kind: str, number: int, folder: Path, environment: dict[str, str], program: Sequence[str]
    ) -> None:
        self.kind = kind
        self.name = f"{kind}-{number}"
        self._ports = {f"{name}_PORT": str(free_port()) for name in ("HTTP", "ADMIN", "LMTP")}
        folder.mkdir()
        self._product = Product(folder, environment | self._ports, command=(*program, "serve", kind))
        self.log = folder / "product.log"

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self._ports['HTTP_PORT']}"

    @property
    def lmtp(self) -> str:
        return f"127.0.0.1:{self._ports['LMTP_PORT']}"

    @property
    def pid(self) -> int | None:
        """Its process, while it lives."""
        process = self._product.process
        return process.pid if process is not None and process.poll() is None else None

    def kill(self) -> bool:
        """SIGKILL; whether it lived, and died of it."""
        if self.pid is None:
            return False
        self._product.kill(database=False)
        return self._product.process is not None and self._product.process.returncode == -signal.SIGKILL

    async def start(self) -> None:
        """Start it, and wait until every door of it is open."""
        await self._product.start()

    async def ready(self, client: httpx.AsyncClient) -> bool:
        """Whether it says so itself."""
        try:
            return (await client.get(f"{self.http}/readyz")).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def clear(self) -> None:
        """Leave nothing running."""
        self._product.clear()


class KafkaBroker:
    """The broker as a member."""

    name = "broker"

    def __init__(self, folder: Path) -> None:
        self._broker = Broker(folder)

    @property
    def url(self) -> str:
        """For ``LOG_URL``."""
        return f"kafka://{self._broker.bootstrap}"

    @property
    def bootstrap(self) -> str:
        """For clients."""
        return self._broker.bootstrap

    @property
    def pid(self) -> int | None:
        """Its process, while it lives."""
        process = self._broker.process
        return process.pid if process is not None and process.poll() is None else None

    def kill(self) -> bool:
        """SIGKILL; whether it lived, and died of it."""
        lived = self.pid is not None
        self._broker.kill()
        return lived and self._broker.process is not None and self._broker.process.returncode == -signal.SIGKILL

    async def start(self) -> None:
        """Start it, and wait until clients are served."""
        await asyncio.to_thread(self._broker.start)


def inherited() -> dict[str, str]:
    """Where the product is found, when it is not the one that is installed."""
    return {"PYTHONPATH": os.environ["PYTHONPATH"]} if "PYTHONPATH" in os.environ else {}
