"""Connections to PostgreSQL that speak JSON, heal, and raise the product's own errors.

``Held`` is for a stage of the pipeline: one connection, kept, made again when it is lost. ``create_pool`` is for
reads of the API. Every fault that time can heal comes out as ``DatabaseUnavailable``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import asyncpg

from shared.errors import DatabaseUnavailable
from shared.jsontext import dump_text, load

_HEALS = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InsufficientResourcesError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.IdleSessionTimeoutError,
    asyncpg.InternalClientError,  # the driver, when the server hangs up between two statements
    ConnectionError,
    TimeoutError,
)
# A young table is planned as a sequential scan until statistics catch up, which at the end that is read they never do.
_HOT = {f"enable_{plan}": "off" for plan in ("seqscan", "bitmapscan", "hashjoin", "mergejoin")} | {"jit": "off"}
_CONNECT_SECONDS = 5.0
_COMMAND_SECONDS = 30.0
_IDLE_IN_TRANSACTION_SECONDS = 20


@contextmanager
def translate() -> Iterator[None]:
    """Raise ``DatabaseUnavailable`` for what time can heal: no connection, shutdown, full disk, a deadlock."""
    try:
        yield
    except _HEALS as error:
        raise DatabaseUnavailable(f"PostgreSQL: {error or type(error).__name__}") from error
    except asyncpg.InterfaceError as error:
        if "clos" not in str(error):  # "connection is closed", "pool is closing"; the others are mistakes of ours
            raise
        raise DatabaseUnavailable(f"PostgreSQL: {error}") from error


async def connect(
    url: str,
    *,
    name: str,
    hot: bool = False,
    command_seconds: float | None = _COMMAND_SECONDS,
    silent_seconds: int | None = None,
) -> asyncpg.Connection:
    """A connection called ``name`` in ``pg_stat_activity``; ``hot`` keeps to index scans (not for reports).

    What is locked in a transaction, or by a session that is silent for ``silent_seconds``, is not locked for ever: a
    process that was frozen has others wait for it for seconds, and finds its connection gone when it wakes.

    Raises:
        DatabaseUnavailable: nobody answers, or PostgreSQL is starting or stopping.
    """
    with translate():
        connection = await _open(
            url,
            timeout=_CONNECT_SECONDS,
            command_timeout=command_seconds,
            server_settings={"application_name": name} | _limits(silent_seconds) | (_HOT if hot else {}),
        )
        await _speak_json(connection)
    return connection


async def create_pool(url: str, *, name: str, size: int) -> asyncpg.Pool:
    """At most ``size`` connections for short reads; use inside ``translate()``."""
    with translate():
        return await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=size,
            timeout=_CONNECT_SECONDS,
            command_timeout=_COMMAND_SECONDS,
            server_settings={"application_name": name},
            connect=_open,
            init=_speak_json,
            reset=_leave_as_it_is,
        )


class Held:
    """One connection for one stage, used by one task at a time, made again when it was lost."""

    def __init__(self, url: str, *, name: str, hot: bool = False, silent_seconds: int | None = None) -> None:
        self._url = url
        self._name = name
        self._hot = hot
        self._silent_seconds = silent_seconds
        self._lock = asyncio.Lock()
        self._connection: asyncpg.Connection | None = None

    @asynccontextmanager
    async def use(self) -> AsyncIterator[asyncpg.Connection]:
        """The connection, exclusively.

        Raises:
            DatabaseUnavailable: no connection, or it broke inside the block; the outcome of a write is then unknown.
        """
        async with self._lock:
            if self._connection is None or self._connection.is_closed():
                self._connection = await connect(
                    self._url, name=self._name, hot=self._hot, silent_seconds=self._silent_seconds
                )
            try:
                with translate():
                    yield self._connection
            except BaseException as error:
                self._drop_if_unsound(error)
                raise

    async def close(self) -> None:
        """End the connection; the next use makes a new one."""
        connection, self._connection = self._connection, None
        if connection is not None and not connection.is_closed():
            connection.terminate()

    def _drop_if_unsound(self, error: BaseException) -> None:
        connection = self._connection
        if connection is None:
            return
        if isinstance(error, DatabaseUnavailable) or connection.is_closed() or connection.is_in_transaction():
            connection.terminate()
            self._connection = None


def _limits(silent_seconds: int | None) -> dict[str, str]:
    limits = {"idle_in_transaction_session_timeout": f"{_IDLE_IN_TRANSACTION_SECONDS}s"}
    return limits if silent_seconds is None else limits | {"idle_session_timeout": f"{silent_seconds}s"}


async def _open(*where: Any, **how: Any) -> asyncpg.Connection:
    try:
        return await asyncpg.connect(*where, **how)
    except OSError as error:  # no socket file, no such host for the moment: nobody answers
        raise ConnectionError(str(error)) from error


async def _leave_as_it_is(_: Any) -> None:
    """Nobody here changes a session, so the round trip that would undo it, as long as a read itself, is saved."""


async def _speak_json(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=dump_text, decoder=load)
