"""The parts an installation stands on, each looked at on its own, so that one fault does not hide the next."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any

import asyncpg
import httpx

from services.classifier import commands
from services.classifier.bundle import BundleRefused
from services.classifier.choosing import SHIPPED
from shared import runfile
from shared.database.connection import connect, translate
from shared.errors import RouterError, SettingsError
from shared.events import STREAMS
from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class Finding:
    """One part: whether it is good, and what was seen or what to do."""

    name: str
    good: bool
    detail: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


async def examine(settings: Settings) -> list[Finding]:
    """Look at configuration, database, log, ports and model; never raises for what it finds."""
    findings = [Finding("configuration", good=True, detail=f"data in {settings.data_dir}")]
    url = settings.database_url or _running_database(settings)
    if url is None:
        findings.append(Finding("database", good=True, detail="not running; `inquiry-router up` starts its own"))
    else:
        findings += [await _look("database", lambda: _database(url)), await _look("log", lambda: _log(url))]
    return [*findings, await _look("ports", lambda: _ports(settings)), await _look("model", lambda: _model(settings))]


def _running_database(settings: Settings) -> str | None:
    running = runfile.read(settings.data_dir)
    return running.database_url if running is not None else None


async def _look(name: str, check: Callable[[], Awaitable[str]]) -> Finding:
    try:
        return Finding(name, good=True, detail=await check())
    except (RouterError, BundleRefused, OSError) as error:
        return Finding(name, good=False, detail=str(error) or type(error).__name__)


async def _database(url: str) -> str:
    async with _connection(url) as connection:
        version = await connection.fetchval("SHOW server_version")
        revision = await connection.fetchval("SELECT version_num FROM log.migration")
        unsafe = [name for name in ("fsync", "full_page_writes") if await connection.fetchval(f"SHOW {name}") != "on"]
        if await connection.fetchval("SHOW synchronous_commit") not in {"on", "remote_apply"}:
            unsafe.append("synchronous_commit")
    if unsafe:
        raise SettingsError([f"{', '.join(unsafe)} must be on, or what was promised can be lost"])
    return f"PostgreSQL {version}, schema {revision}"


async def _log(url: str) -> str:
    async with _connection(url) as connection:
        known = {row[0] for row in await connection.fetch("SELECT DISTINCT stream FROM log.head")}
        parked = await _by_stage(connection, "log.parked")
        quarantined = await _by_stage(connection, "log.quarantine WHERE replayed_at IS NULL")
    used = ", ".join(stream for stream in STREAMS if stream in known) or "nothing yet"
    return f"streams in use: {used}; parked: {parked}; in quarantine: {quarantined}"


async def _by_stage(connection: asyncpg.Connection[asyncpg.Record], records: str) -> str:
    rows = await connection.fetch(f"SELECT stage, count(*) AS n FROM {records} GROUP BY stage ORDER BY stage")
    return ", ".join(f"{row['n']} of {row['stage']}" for row in rows) or "none"


async def _ports(settings: Settings) -> str:
    running = runfile.read(settings.data_dir)
    if running is not None:
        async with httpx.AsyncClient(timeout=5) as client:
            answer = await client.get(f"{running.http}/readyz")
        if answer.status_code != 200:
            raise SettingsError([f"{running.http} is not ready; look at {running.admin}/health"])
        return f"ready at {running.http}"
    wanted = (settings.http_port, settings.admin_port, settings.lmtp_port)
    taken = [str(port) for port in wanted if port and await _answers(settings.http_host, port)]
    if taken:
        raise SettingsError([f"port {', '.join(taken)} is in use by another program: choose others"])
    return "free"


async def _answers(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), timeout=1)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def _model(settings: Settings) -> str:
    own = settings.data_dir / "models" / commands.CURRENT
    folder = own if own.exists() else SHIPPED / commands.CURRENT
    return f"{commands.info(folder)['model']} in {folder}"


@asynccontextmanager
async def _connection(url: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    connection = await connect(url, name="doctor")
    try:
        with translate():
            yield connection
    finally:
        connection.terminate()
