"""Brings a database to the schema of this version, safely from several processes at once."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from shared.database.connection import connect, translate
from shared.errors import SettingsError

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 4_731_902_266  # any number, the same in every version


async def upgrade(url: str, *, folder: Path = MIGRATIONS) -> str:
    """Apply what is missing in one transaction, under an advisory lock; returns the revision then in force.

    Raises:
        DatabaseUnavailable: PostgreSQL cannot be reached.
        SettingsError: the database was made by a newer version of the product.
    """
    connection = await connect(url, name="migrate", command_seconds=None)
    try:
        with translate():
            async with connection.transaction():
                await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
                return await _bring_to_head(connection, folder)
    finally:
        connection.terminate()


async def _bring_to_head(connection: asyncpg.Connection, folder: Path) -> str:
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    steps = ScriptDirectory.from_config(config)
    head = steps.get_current_head() or ""
    current = await _current(connection)
    if current is not None and current not in {step.revision for step in steps.walk_revisions()}:
        raise SettingsError(
            [f"The database is at revision {current}, which this version does not know: use a newer one."]
        )
    if current != head:
        await connection.execute(await asyncio.to_thread(_script, config, current))
    return head


async def _current(connection: asyncpg.Connection) -> str | None:
    await connection.execute("CREATE SCHEMA IF NOT EXISTS log")
    if await connection.fetchval("SELECT to_regclass('log.migration')") is None:
        return None
    revision: str | None = await connection.fetchval("SELECT version_num FROM log.migration")
    return revision


def _script(config: Config, current: str | None) -> str:
    # Rendered and sent as text, since a driver that prepares statements takes only one at a time.
    config.output_buffer = io.StringIO()
    command.upgrade(config, f"{current}:head" if current else "head", sql=True)
    return config.output_buffer.getvalue()
