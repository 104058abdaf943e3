"""Several of each service as processes of their own, on one database and one log; what tests ask of them."""

from __future__ import annotations

import asyncio
import smtplib
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

import asyncpg
import httpx

from bench.load.product import API_KEY, COMMAND, PASSWORD, Product
from tests.system.installation import installation

TO_STOP = 10.0
SWEDISH = "Hej, jag har inte fått mitt paket än. Kan ni se var det är någonstans?"


@dataclass
class Apart:
    """The services, each at addresses that change when it is started again."""

    pool: asyncpg.Pool
    ingests: Sequence[Product]
    classifiers: Sequence[Product]
    routers: Sequence[Product]
    ids: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def services(self) -> Sequence[Product]:
        return [*self.ingests, *self.classifiers, *self.routers]

    async def post(self, number: int, *, text: str = SWEDISH, seconds: float = 15.0) -> str:
        """Hand an inquiry in, at whichever door answers; all else than 202 and *try again* is a complaint."""
        body = {"text": f"{text} ({number})"}
        headers = {"Authorization": f"Bearer {API_KEY}", "Idempotency-Key": f"test-{number}"}
        deadline = time.monotonic() + seconds
        turn = number
        async with httpx.AsyncClient(headers=headers, timeout=10) as client:
            while True:
                door = self.ingests[turn % len(self.ingests)]
                turn += 1
                answer = await self.ask(client, "POST", f"{door.run['http']}/api/v1/inquiries", json=body)
                if answer is not None and answer.status_code == 202:
                    self.ids.append(answer.json()["id"])
                    return self.ids[-1]
                assert time.monotonic() < deadline, "no door takes it"
                await asyncio.sleep(0.1)

    async def ask(self, client: httpx.AsyncClient, method: str, url: str, **given: Any) -> httpx.Response | None:
        """The answer, if somebody is there; all that is neither good nor *try again* is a complaint."""
        try:
            answer = await client.request(method, url, **given)
        except httpx.ConnectError:  # a proxy would try the other one
            return None
        except httpx.TransportError as error:
            self.complaints.append(f"{method} {url}: {error!r}")
            return None
        if answer.status_code >= 400 and (answer.status_code != 503 or "retry-after" not in answer.headers):
            self.complaints.append(f"{method} {url}: {answer.status_code} {answer.text[:200]}")
        return answer

    async def posts(self, numbers: range, *, a_second: float) -> None:
        """Hand inquiries in at a steady pace, whatever becomes of those before."""
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for count, number in enumerate(numbers):
                group.create_task(self.post(number))
                await asyncio.sleep(max(0.0, began + (count + 1) / a_second - time.monotonic()))

    async def mail(self, text: str) -> None:
        """Hand a mail in by LMTP."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "mette@kunder.example", "info@shop.example", "Min pakke"
        message.set_content(text)
        host, port = self.ingests[0].run["lmtp"].rsplit(":", 1)

        def send() -> None:
            with smtplib.LMTP(host, int(port), timeout=15) as lmtp:
                assert lmtp.send_message(message) == {}

        await asyncio.to_thread(send)

    async def routed(self) -> set[str]:
        """The inquiries that have become work."""
        return {str(row["inquiry_id"]) for row in await self.pool.fetch("SELECT inquiry_id FROM router.work_item")}

    async def all_routed(self, *, seconds: float) -> float:
        """Until every inquiry that was accepted is work, and its receipt says so; how long it took."""
        began = time.monotonic()
        while missing := set(self.ids) - await self.routed():
            assert time.monotonic() - began < seconds, f"{len(missing)} of {len(self.ids)} not routed"
            await asyncio.sleep(0.1)
        while left := await self.pool.fetchval("SELECT count(*) FROM ingest.receipt WHERE NOT routed"):
            assert time.monotonic() - began < seconds, f"{left} receipts not known to be routed"
            await asyncio.sleep(0.1)
        return time.monotonic() - began

    async def nothing_twice(self) -> None:
        """Each inquiry is one inquiry, one item of work, one fact of a kind."""
        counted = {
            "inquiries": "SELECT count(*) - count(DISTINCT inquiry_id) FROM router.message",
            "work": "SELECT count(*) - count(DISTINCT inquiry_id) FROM router.work_item",
            "facts": """
                SELECT count(*) - count(DISTINCT (subject, type)) FROM router.events
                WHERE type IN ('inquiry.received', 'inquiry.classified', 'message.added')
            """,
        }
        found = {name: await self.pool.fetchval(query) for name, query in counted.items()}
        assert not any(found.values()), found

    async def ready(self, product: Product) -> bool:
        async with httpx.AsyncClient(timeout=2) as client:
            with suppress(httpx.TransportError):
                return (await client.get(f"{product.run['http']}/readyz")).status_code == 200
        return False

    async def metrics(self, product: Product) -> str:
        async with httpx.AsyncClient(timeout=2) as client:
            return (await client.get(f"{product.run['admin']}/metrics")).text

    async def health(self, product: Product) -> dict[str, Any]:
        async with httpx.AsyncClient(timeout=2) as client:
            found: dict[str, Any] = (await client.get(f"{product.run['admin']}/health")).json()
        return found


async def eventually(probe: Callable[[], Awaitable[Any]], *, seconds: float, what: str) -> Any:
    """What ``probe`` gives as soon as that is true."""
    deadline = time.monotonic() + seconds
    while not (found := await probe()):
        assert time.monotonic() < deadline, f"{what} not within {seconds:.0f} s"
        await asyncio.sleep(0.1)
    return found


@asynccontextmanager
async def apart(
    database_url: str, pool: asyncpg.Pool, log_url: str, *, each: tuple[int, int, int] = (1, 2, 2), **environment: str
) -> AsyncIterator[Apart]:
    """``each``: how many of ingest, classifier and router; the demo company is loaded, and nobody is at work."""
    given = {"DATABASE_URL": database_url, "LOG_URL": log_url} | environment
    with ExitStack() as opened:
        kinds: list[list[Product]] = [
            [opened.enter_context(installation(command=(COMMAND[0], "serve", name), **given)) for _ in range(count)]
            for name, count in zip(("ingest", "classifier", "router"), each, strict=True)
        ]
        products = [product for kind in kinds for product in kind]
        await asyncio.to_thread(_load_the_company, products[0])
        await asyncio.gather(*(product.start() for product in products))
        yield Apart(pool, *kinds)


def _load_the_company(product: Product) -> None:
    given = {"DATA_DIR": str(product.folder / "data"), "DEMO_PASSWORD": PASSWORD, "DEMO_API_KEY": API_KEY}
    subprocess.run(
        [COMMAND[0], "migrate", "--demo"],
        env={"PATH": "/usr/bin:/bin", "HOME": str(product.folder)} | given | product.environment,
        check=True,
        capture_output=True,
    )
