"""The PostgreSQL that all runs share, and a fresh database for each, whose clock is the simulated world's."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from bench.simulator.overseer import Overseer
from shared.database.connection import connect
from shared.database.embedded import EmbeddedPostgres
from shared.database.migrate import upgrade

_TEMPLATE = "template_simulated"
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "deadlock_timeout": "'5ms'",
}
_CLOCK_FIRST = "search_path = sim, pg_catalog, public"
# The product's tables are made in a session that finds this clock first, so that their defaults mean it too.
_CLOCK = """
CREATE SCHEMA sim;
CREATE TABLE sim.clock (at timestamptz NOT NULL) WITH (fillfactor = 10);
INSERT INTO sim.clock VALUES ('2026-03-04 09:00Z');
CREATE FUNCTION sim.now() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT at FROM sim.clock';
CREATE FUNCTION sim.clock_timestamp() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT at FROM sim.clock';
"""


class Cluster:
    """A server with a template of the newest schema."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.overseer = Overseer(url)
        self._numbers = count(1)
        self._make_template()

    @contextmanager
    def database(self, sabotage: str = "") -> Iterator[str]:
        """The address of a fresh database, after the statements of ``sabotage``."""
        name = f"simulated_{next(self._numbers)}"
        self.overseer.run(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE} STRATEGY file_copy")
        self.overseer.run(f"ALTER DATABASE {name} SET {_CLOCK_FIRST}")
        try:
            if sabotage:
                asyncio.run(_execute(_in_database(self.url, name), sabotage))
            yield _in_database(self.url, name)
        finally:
            self.overseer.run(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        """Let the server go."""
        self.overseer.close()

    def _make_template(self) -> None:
        for setting, value in _SETTINGS.items():
            self.overseer.run(f"ALTER SYSTEM SET {setting} = {value}")
        self.overseer.run("SELECT pg_reload_conf()")
        self.overseer.run(f"DROP DATABASE IF EXISTS {_TEMPLATE}")
        self.overseer.run(f"CREATE DATABASE {_TEMPLATE}")
        self.overseer.run(f"ALTER DATABASE {_TEMPLATE} SET {_CLOCK_FIRST}")
        asyncio.run(_fill(_in_database(self.url, _TEMPLATE)))


@contextmanager
def own_cluster() -> Iterator[Cluster]:
    """A server of one's own in memory, for as long as this lasts."""
    where = "/dev/shm" if Path("/dev/shm").is_dir() and shutil.disk_usage("/dev/shm").free > 1_000_000_000 else None
    folder = Path(tempfile.mkdtemp(prefix="sim-", dir=where))
    folder.chmod(0o755)
    server = EmbeddedPostgres(folder / "postgres")
    try:
        asyncio.run(server.start())
        cluster = Cluster(server.url)
        yield cluster
        cluster.close()
    finally:
        asyncio.run(server.stop())
        shutil.rmtree(folder, ignore_errors=True)


async def _fill(url: str) -> None:
    await _execute(url, _CLOCK)
    await upgrade(url)


async def _execute(url: str, statements: str) -> None:
    connection = await connect(url, name="simulator")
    try:
        await connection.execute(statements)
    finally:
        connection.terminate()


def _in_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
