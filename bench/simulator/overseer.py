"""What the simulator asks PostgreSQL outside of the simulated world, at once, from a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection, Coroutine
from time import sleep
from typing import Any, TypeVar

import asyncpg

T = TypeVar("T")
_SECONDS = 30.0
_MOMENT = 0.001
_BLOCKED = "SELECT pid, pg_blocking_pids(pid) AS by FROM unnest($1::int[]) AS asked (pid)"
_END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = ANY($1::int[])"


class Overseer:
    """One connection to the server's own database; every call waits for its answer."""

    def __init__(self, url: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="overseer")
        self._thread.start()
        self._connection: asyncpg.Connection = self._wait(asyncpg.connect(url))

    def run(self, statement: str) -> None:
        """Execute ``statement``."""
        self._wait(self._connection.execute(statement))

    def waits(self, pids: Collection[int]) -> dict[int, set[int]]:
        """Those of the server's processes that wait for a lock, each with whom it waits for."""
        rows = self._wait(self._connection.fetch(_BLOCKED, sorted(pids)))
        waits = {row["pid"]: set(row["by"]) for row in rows if row["by"]}
        return {} if _has_ring(waits) else waits  # PostgreSQL ends a ring itself

    def end(self, pids: Collection[int]) -> None:
        """End processes of the server, and wait until they are gone."""
        while self._wait(self._connection.fetch(_END, sorted(pids))):
            sleep(_MOMENT)

    def close(self) -> None:
        """Let the connection and the thread go."""
        self._wait(self._connection.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_SECONDS)
        self._loop.close()

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_SECONDS)


def _has_ring(waits: dict[int, set[int]]) -> bool:
    for start, first in waits.items():
        seen: set[int] = set()
        ahead = set(first)
        while ahead:
            pid = ahead.pop()
            if pid == start:
                return True
            if pid not in seen:
                seen.add(pid)
                ahead |= waits.get(pid, set())
    return False
