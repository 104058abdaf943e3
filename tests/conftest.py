"""What every test may ask for: a clean environment, a clock moved by hand, a migrated database, a Kafka broker."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import traceback
from collections.abc import AsyncIterator, Generator, Iterator
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import structlog

from bench.broker import Broker, Jars, Missing, prepared
from shared.clock import ManualClock
from shared.database.connection import connect, create_pool
from shared.database.embedded import EmbeddedPostgres
from shared.database.migrate import upgrade

_KEPT = {"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "CI", "PYTHONPATH", "PLAYWRIGHT_BROWSERS_PATH", "XDG_CACHE_HOME"}
KAFKA_BOOTSTRAP = os.environ.get("KAFKA_BOOTSTRAP")
"""A broker of somebody else's, to be used instead of one of our own."""
_TEMPLATE = "template_migrated"
_numbers = count(1)
_SYSTEM_SECONDS = 300


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests with real processes and browsers may take longer than the others."""
    for item in items:
        if item.get_closest_marker("system") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(_SYSTEM_SECONDS))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that ran out of time tells where its tasks stand; the stack of the thread ends in the event loop."""
    report = yield
    if call.excinfo is not None and "pytest-timeout" in str(call.excinfo.value):
        stacks = [f"{task.get_name()}\n{_stack(task)}" for task in list(asyncio.tasks._all_tasks) if not task.done()]
        report.sections.append(("Where the tasks stood", "\n".join(stacks)))
    return report


def _stack(task: asyncio.Task[object]) -> str:
    """Down to the innermost await, which ``Task.print_stack`` does not follow."""
    frames, coroutine = [], task.get_coro()
    while (frame := getattr(coroutine, "cr_frame", None)) is not None:
        frames.append((frame, frame.f_lineno))
        coroutine = getattr(coroutine, "cr_await", None)
    return "".join(traceback.StackSummary.extract(iter(frames)).format())


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine reaches a test."""
    for name in set(os.environ) - _KEPT:
        if not name.startswith("PYTEST_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session", autouse=True)
def _plain_stacks() -> None:
    """A stack in the log without its variables: drawing those takes seconds, and tests that log many have deadlines."""
    *earlier, _ = structlog.get_config()["processors"]
    last = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*earlier, last])


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still until it is moved."""
    return ManualClock()


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A folder that PostgreSQL's unprivileged user can enter, which ``tmp_path`` is not when tests run as root."""
    folder = Path(tempfile.mkdtemp(prefix="ir-", dir="/dev/shm" if _memory_has_room() else "/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_url(open_folder: Path) -> Iterator[str]:
    """The session's own PostgreSQL, made fast: what it loses in a power cut nobody misses."""
    server = EmbeddedPostgres(open_folder / "postgres")
    asyncio.run(server.start())
    try:
        asyncio.run(_make_template(server.url))
        yield server.url
    finally:
        asyncio.run(server.stop())


@pytest.fixture
async def database_url(postgres_url: str) -> AsyncIterator[str]:
    """A fresh database with the newest schema, for this test alone."""
    name = f"test_{next(_numbers)}"
    await _run(postgres_url, f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE} STRATEGY file_copy")
    yield in_database(postgres_url, name)
    await _run(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """A small pool on the test's database."""
    pool = await create_pool(database_url, name="test", size=4)
    yield pool
    pool.terminate()


@pytest.fixture(scope="session")
def kafka_jars() -> Jars:
    """What a broker is started from; where it cannot be had, tests that need it are left out, and said to be."""
    try:
        return prepared()
    except Missing as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no Kafka broker of our own: {missing}")


@pytest.fixture(scope="session")
def kafka_bootstrap(request: pytest.FixtureRequest, open_folder: Path) -> Iterator[str]:
    """The broker of ``KAFKA_BOOTSTRAP``, or the session's own; never to be killed: streams are named by test."""
    if KAFKA_BOOTSTRAP:
        yield KAFKA_BOOTSTRAP
        return
    broker = Broker(open_folder / "kafka", jars=request.getfixturevalue("kafka_jars"))
    try:
        broker.start()
        yield broker.bootstrap
    finally:
        broker.kill()


@pytest.fixture
def broker(kafka_jars: Jars, open_folder: Path) -> Iterator[Broker]:
    """A broker of the test's own, not started, that may be killed."""
    if KAFKA_BOOTSTRAP:
        pytest.skip("KAFKA_BOOTSTRAP is given: no broker may be killed")
    folder = open_folder / f"broker-{next(_numbers)}"
    own = Broker(folder, jars=kafka_jars)
    try:
        yield own
    finally:
        own.kill()
        shutil.rmtree(folder, ignore_errors=True)


def in_database(url: str, name: str) -> str:
    """The same server, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


async def _make_template(url: str) -> None:
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        await _run(url, f"ALTER SYSTEM SET {setting} = off")
    await _run(url, "SELECT pg_reload_conf()")
    await _run(url, f"CREATE DATABASE {_TEMPLATE}")
    await upgrade(in_database(url, _TEMPLATE))


async def _run(url: str, statement: str) -> None:
    connection = await connect(url, name="conftest")
    try:
        await connection.execute(statement)
    finally:
        connection.terminate()


def _memory_has_room() -> bool:
    """A database in memory is cloned thirty times faster; a container's default of 64 MB would not hold it."""
    try:
        return shutil.disk_usage("/dev/shm").free > 2_000_000_000
    except FileNotFoundError:
        return False
