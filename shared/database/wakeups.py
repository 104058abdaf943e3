"""Hints across processes that there is something to read: one LISTEN connection sets the stages' events.

A hint may be lost (no connection) or be for nothing, so every stage reads again after 250 ms all the same.
"""

from __future__ import annotations

import asyncio
from functools import partial
from weakref import WeakSet

import asyncpg

from shared.database.connection import connect, translate
from shared.errors import DatabaseUnavailable
from shared.within import within

_CHECK_SECONDS = 1.0


class Wakeups:
    """The process's LISTEN connection, as a service."""

    name = "wakeups"

    def __init__(self, url: str) -> None:
        self._url = url
        self._events: dict[str, WeakSet[asyncio.Event]] = {}
        self._more = asyncio.Event()

    def subscribe(self, channel: str) -> asyncio.Event:
        """An event of the caller's own, set on each NOTIFY of ``channel``: clear it, read, and only then wait.

        It is served as long as the caller keeps it.
        """
        event = asyncio.Event()
        if channel not in self._events:
            self._events[channel] = WeakSet()
            self._more.set()
        self._events[channel].add(event)
        return event

    async def run(self) -> None:
        """Listen until cancelled.

        Raises:
            DatabaseUnavailable: the connection is lost; run again.
        """
        connection = await connect(self._url, name="wakeups")
        try:
            with translate():
                await self._listen(connection)
        finally:
            connection.terminate()

    async def _listen(self, connection: asyncpg.Connection) -> None:
        heard: set[str] = set()
        while not connection.is_closed():
            self._more.clear()
            for channel in self._events.keys() - heard:
                await connection.add_listener(channel, partial(self._wake, channel))
                heard.add(channel)
                self._wake(channel)  # what was written before LISTEN was told to nobody
            async with within(_CHECK_SECONDS):
                await self._more.wait()
        raise DatabaseUnavailable("the LISTEN connection was closed")

    def _wake(self, channel: str, *_: object) -> None:
        for event in list(self._events.get(channel, ())):
            event.set()
