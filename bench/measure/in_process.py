"""The same services on the same database in the generator's own loop: no HTTP, no sockets but PostgreSQL's.

Deliveries and commands are handed to the functions that the doors and the API call. Offers are seen by reading
``router.events`` behind its notifications, as the product's own stages do: one index scan for a batch of facts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic
from uuid import UUID, uuid4

from bench.load.product import Product
from bench.measure.load import Offered
from services import bootstrap
from services.classifier.apart import Apart
from services.classifier.choosing import choose_bundle
from services.ingest.accept import Accept
from services.ingest.channel import Delivery, Draft
from services.router.commands.accept import Accept as AcceptOffer
from services.router.commands.complete import Complete
from services.router.commands.writers import Commands
from services.router.facts import By
from shared import garbage
from shared.database.connection import Held, create_pool
from shared.database.embedded import EmbeddedPostgres
from shared.database.wakeups import Wakeups
from shared.domain.inquiry import Channel
from shared.errors import RouterError
from shared.service import Service, supervise
from shared.settings import load
from shared.telemetry import configure_logging

_NEXT = """
SELECT pos, CASE WHEN type = 'offer.made' THEN data END AS offer
FROM router.events WHERE pos > $1 ORDER BY pos LIMIT 5000
"""


@dataclass
class InProcess:
    """A ``World`` of function calls."""

    accepting: Accept
    commands: Commands
    listeners: list[Callable[[Offered], None]] = field(default_factory=list)

    async def submit(self, text: str) -> str:
        delivery = Delivery(
            caller="bench",
            door="rest",
            channel=Channel.API,
            native_id=uuid4().hex,
            raw=text.encode(),
            content_type="application/json",
            draft=Draft(channel=Channel.API, text=text),
        )
        with _told():
            return str((await self.accepting.submit(delivery)).id)

    async def accept(self, offer: Offered) -> None:
        agent = UUID(offer.agent_id)
        with _told():
            await self.commands.accept(AcceptOffer(UUID(offer.offer_id), agent, By(offer.agent_id, uuid4().hex)))

    async def complete(self, offer: Offered) -> None:
        agent, by = UUID(offer.agent_id), By(offer.agent_id, uuid4().hex)
        wish = Complete(UUID(offer.conversation_id), agent, "bench", "resolved", None, by)
        with _told():
            await self.commands.complete(wish)

    def listen(self, listener: Callable[[Offered], None]) -> None:
        self.listeners[:] = [listener]


@asynccontextmanager
async def in_process(product: Product) -> AsyncIterator[InProcess]:
    """All three services of ``product``'s folder, which must not be running elsewhere."""
    configure_logging("WARNING")
    settings = load({"DATA_DIR": str(product.folder / "data"), "HTTP_PORT": "0", "ADMIN_PORT": "0", "LMTP_PORT": "0"})
    async with AsyncExitStack() as opened:
        postgres = await opened.enter_async_context(EmbeddedPostgres(settings.data_dir / "postgres"))
        pool = await create_pool(postgres.url, name="api", size=4)
        opened.callback(pool.terminate)
        parts = bootstrap.Parts(settings=settings, database_url=postgres.url, pool=pool)
        opened.push_async_callback(parts.log.close)
        apart = Apart(choose_bundle(settings.data_dir / "models"))
        opened.push_async_callback(apart.close)
        await apart.start()
        built = bootstrap.build(parts, bootstrap.ALL, answering=apart, channels=None)
        world = InProcess(
            Accept(database_url=postgres.url, clock=parts.clock, metrics=parts.metrics),
            Commands(url=postgres.url, clock=parts.clock),
        )
        opened.push_async_callback(world.commands.close)
        observer = _Observer(postgres.url, parts.wakeups, world.listeners)
        loops: list[Service] = [
            parts.wakeups,
            world.accepting,
            observer,
            *(loop for one in built.values() for loop in one.loops),
        ]
        await opened.enter_async_context(_running(loops, parts))
        await asyncio.wait_for(observer.ready.wait(), 30)
        garbage.settle()
        yield world


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except RouterError as error:
        raise RuntimeError(f"{type(error).__name__}: {error}") from error


@asynccontextmanager
async def _running(loops: Iterable[Service], parts: bootstrap.Parts) -> AsyncIterator[None]:
    task = asyncio.create_task(supervise(loops, health=parts.health, metrics=parts.metrics))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


class _Observer:
    """Tells offers as they are written."""

    name = "bench.observer"

    def __init__(self, url: str, wakeups: Wakeups, listeners: list[Callable[[Offered], None]]) -> None:
        self._held = Held(url, name=self.name, hot=True)
        self._wakeup = wakeups.subscribe("router_events")
        self._listeners = listeners
        self.ready = asyncio.Event()

    async def run(self) -> None:
        async with self._held.use() as connection:
            position = await connection.fetchval("SELECT pos FROM router.head")
        self.ready.set()
        while True:
            self._wakeup.clear()
            async with self._held.use() as connection:
                rows = await connection.fetch(_NEXT, position)
            now = monotonic()
            for row in rows:
                position = row["pos"]
                if row["offer"] is not None:
                    self._tell(row["offer"], now)
            if not rows:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wakeup.wait(), 0.25)

    def _tell(self, offer: dict[str, str], now: float) -> None:
        ids = (offer[name] for name in ("inquiry_id", "offer_id", "conversation_id", "agent_id"))
        for listener in self._listeners:
            listener(Offered(now, *ids))
