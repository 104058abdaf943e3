"""The installation's database for a command: the given one, the running product's, or the folder's own, started."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from shared import runfile
from shared.database.connection import create_pool
from shared.database.embedded import EmbeddedPostgres
from shared.database.migrate import upgrade
from shared.settings import Settings, load


def settings(*, apart: str | None = None) -> Settings:
    """The settings of the environment; a service that runs ``apart`` has default ports of its own.

    Raises:
        SettingsError: with every fault.
    """
    return load(os.environ, apart=apart)


@asynccontextmanager
async def database(chosen: Settings) -> AsyncIterator[str]:
    """The URL of a migrated database, for as long as the block runs."""
    running = runfile.read(chosen.data_dir)
    url = chosen.database_url or (running.database_url if running is not None else None)
    if url is not None:
        await upgrade(url)
        yield url
        return
    async with EmbeddedPostgres(chosen.data_dir / "postgres") as server:
        await upgrade(server.url)
        yield server.url


@asynccontextmanager
async def pool(chosen: Settings) -> AsyncIterator[asyncpg.Pool[asyncpg.Record]]:
    """A small pool on ``database``."""
    async with database(chosen) as url:
        opened = await create_pool(url, name="inquiry-router command", size=2)
        try:
            yield opened
        finally:
            await opened.close()
