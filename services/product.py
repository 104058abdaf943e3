"""The product as one process: database, loops, doors, ``run.json``; up until it is told to stop, then down in order."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import asyncpg
import structlog

from services import bootstrap
from services.bootstrap import ALL, CLASSIFIER, INGEST, Built, Parts
from services.classifier.answering import Answering
from services.classifier.apart import Apart
from services.classifier.choosing import choose_bundle
from services.classifier.progress import on_terminal
from services.demo.company import CHANNELS, DemoCompany
from services.serving import Serving
from shared import garbage, runfile
from shared.access import demo_guard
from shared.admin import admin_app
from shared.database.connection import create_pool
from shared.database.embedded import EmbeddedPostgres
from shared.database.migrate import upgrade
from shared.errors import DatabaseUnavailable, SettingsError
from shared.runfile import RunFile
from shared.service import Service, supervise
from shared.settings import Settings

_log = structlog.get_logger(__name__)
_LOOK_SECONDS = 0.05
_DATABASE_SECONDS = 1.0
_STOP_SECONDS = 9.0
_POOL_SIZE = 10


async def run_product(settings: Settings, *, services: Collection[str] = ALL, with_demo: bool = False) -> None:
    """Run until SIGTERM or SIGINT, then stop within ten seconds.

    Raises:
        SettingsError: it cannot run like this; says what to change.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    product = asyncio.create_task(_run(settings, services, with_demo=with_demo))
    told = asyncio.create_task(stop.wait())
    await asyncio.wait({product, told}, return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    if not product.done():
        product.cancel()
        await asyncio.wait({product}, timeout=_STOP_SECONDS)
    if product.done() and not product.cancelled():
        product.result()


async def _run(settings: Settings, services: Collection[str], *, with_demo: bool) -> None:
    """Open everything, say where it is, and wait; whatever was opened is closed in the reverse order."""
    _make(settings.data_dir)
    async with AsyncExitStack() as opened:
        postgres = await _embedded(settings, opened)
        runfile.remove(settings.data_dir)
        parts = await _parts(settings, postgres, opened)
        company = DemoCompany(parts=parts) if with_demo else None
        if company is not None:
            await company.load()
        await demo_guard.check(parts.access.users, host=settings.http_host, exposed=settings.demo_exposed)
        answering = await _answering(settings.data_dir, opened) if CLASSIFIER in services else None
        channels = settings.channels or (CHANNELS if with_demo else None)
        built = bootstrap.build(parts, services, answering=answering, channels=channels)
        for one in built.values():
            opened.push_async_callback(one.close)
        http, admin = await _serve(parts, built, opened)
        await opened.enter_async_context(_supervised(_loops(parts, built, postgres), parts))
        opened.push_async_callback(_drain, parts, built, http)
        lmtp = await _until_ready(parts, built)
        told = _Told(settings.data_dir, postgres, http=http.url, admin=admin.url, lmtp=lmtp, url=settings.database_url)
        opened.callback(runfile.remove, settings.data_dir)
        garbage.settle()
        told.write()
        print(f"ready {http.url}", flush=True)  # noqa: T201  # what the outside waits for
        if company is not None:
            company.introduce(told.run)
            await opened.enter_async_context(_supervised(company.loops(told.run), parts))
        await told.keep()


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError([f"DATA_DIR: {folder} cannot be made: {error.strerror}"]) from error


async def _embedded(settings: Settings, opened: AsyncExitStack) -> EmbeddedPostgres | None:
    if settings.database_url is not None:
        return None
    return await opened.enter_async_context(EmbeddedPostgres(settings.data_dir / "postgres"))


async def _parts(settings: Settings, postgres: EmbeddedPostgres | None, opened: AsyncExitStack) -> Parts:
    url = postgres.url if postgres is not None else str(settings.database_url)
    pool = await _migrated(url)
    opened.callback(pool.terminate)
    parts = Parts(settings=settings, database_url=url, pool=pool)
    opened.push_async_callback(parts.log.close)
    if postgres is not None and parts.chosen_log.begin_alone is not None:
        # The data folder's lock proves that whoever read the log before is dead: no lease is waited for.
        await parts.chosen_log.begin_alone()
    await parts.quarantine.count()
    return parts


async def _migrated(url: str) -> asyncpg.Pool[asyncpg.Record]:
    """A pool on the database, brought to today's schema; waits for a database that is not there yet."""
    while True:
        try:
            await upgrade(url)
            return await create_pool(url, name="api", size=_POOL_SIZE)
        except DatabaseUnavailable as error:
            _log.warning("start.waits_for_database", error=str(error))
            await asyncio.sleep(_DATABASE_SECONDS)


async def _answering(data_dir: Path, opened: AsyncExitStack) -> Answering:
    with on_terminal("Training the model") as progress:
        folder = await asyncio.to_thread(choose_bundle, data_dir / "models", progress)
    apart = Apart(folder)
    opened.push_async_callback(apart.close)
    await apart.start()
    return apart


async def _serve(parts: Parts, built: Mapping[str, Built], opened: AsyncExitStack) -> tuple[Serving, Serving]:
    """Both HTTP servers, answering; before all is up, ``/readyz`` says so."""
    parts.health.set("start", False, "starting")
    settings = parts.settings
    app = bootstrap.build_app(parts, built.values())
    http = Serving(
        app,
        host=settings.http_host,
        port=settings.http_port,
        name="HTTP_PORT",
        proxies=settings.trusted_proxies,
    )
    opened.push_async_callback(http.stop)
    pages = admin_app(health=parts.health, metrics=parts.metrics)
    admin = Serving(pages, host=settings.admin_host, port=settings.admin_port, name="ADMIN_PORT")
    opened.push_async_callback(admin.stop)
    await http.start()
    await admin.start()
    return http, admin


async def _drain(parts: Parts, built: Mapping[str, Built], http: Serving) -> None:
    """Take nothing new and answer what was asked, while the loops that do the work still run."""
    parts.health.set("start", False, "stopping")
    for one in built.values():
        one.stopping()
    await http.stop()


def _loops(parts: Parts, built: Mapping[str, Built], postgres: EmbeddedPostgres | None) -> list[Service]:
    loops: list[Service] = [
        parts.wakeups,
        *parts.chosen_log.loops,
        *(loop for one in built.values() for loop in one.loops),
    ]
    if postgres is not None:
        loops.append(postgres)
    return loops


@asynccontextmanager
async def _supervised(loops: Collection[Service], parts: Parts) -> AsyncIterator[None]:
    task = asyncio.create_task(supervise(loops, health=parts.health, metrics=parts.metrics))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def _until_ready(parts: Parts, built: Mapping[str, Built]) -> str | None:
    """Wait for every door and loop; the answer is where LMTP listens."""
    ingest = built[INGEST].ingest if INGEST in built else None
    doors = await ingest.opened() if ingest is not None else {}
    parts.health.set("start", True)
    while not parts.health.ready()[0]:  # noqa: ASYNC110  # a moment at the start, over parts that set no event
        await asyncio.sleep(_LOOK_SECONDS)
    parts.health.excuse(bootstrap.LOG_BOUND, while_failing="log")
    return doors.get("lmtp")


class _Told:
    """Keeps ``run.json`` true."""

    def __init__(
        self,
        data_dir: Path,
        postgres: EmbeddedPostgres | None,
        *,
        http: str,
        admin: str,
        lmtp: str | None,
        url: str | None,
    ) -> None:
        self._data_dir = data_dir
        self._postgres = postgres
        self._where = RunFile(os.getpid(), http=http, admin=admin, lmtp=lmtp)
        self._url = url

    @property
    def run(self) -> RunFile:
        postgres = self._postgres
        if postgres is None:
            return replace(self._where, database_url=self._url)
        return replace(self._where, postgres_pid=postgres.pid, database_url=postgres.public_url)

    def write(self) -> None:
        runfile.write(self._data_dir, self.run)

    async def keep(self) -> None:
        """Write again whenever PostgreSQL had to be started again; for ever."""
        pid = self.run.postgres_pid
        while True:
            await asyncio.sleep(1)
            if self.run.postgres_pid not in {pid, None}:
                pid = self.run.postgres_pid
                self.write()
