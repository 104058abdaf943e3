"""The service as it is built: what its commands open, it lets go at the end."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg

from services import bootstrap
from services.bootstrap import Parts
from services.router.agents import ensure_agent
from services.router.commands.presence import SetPresence
from services.router.facts import By
from shared.domain.work import Presence
from shared.settings import Settings

HELD = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1"


async def test_the_connections_of_commands_are_let_go_when_nobody_is_served_any_more(
    database_url: str, pool: asyncpg.Pool[asyncpg.Record]
) -> None:
    settings = Settings(data_dir=Path(), mail_dir=Path())
    built = bootstrap.build_router(Parts(settings=settings, database_url=database_url, pool=pool))
    assert built.router
    jana = await ensure_agent(pool, username="jana", name="Jana", skills={}, capacity=100)
    wish = SetPresence(jana, Presence.AVAILABLE, None, By("test"))
    await built.router.commands.set_presence(wish)
    assert await pool.fetchval(HELD, "presence-commands") == 1
    await built.close()
    async with asyncio.timeout(10):
        while await pool.fetchval(HELD, "presence-commands"):  # noqa: ASYNC110  # PostgreSQL tells nobody
            await asyncio.sleep(0.01)
