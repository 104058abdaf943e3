"""The sockets of this replica, and the loop that pushes to each what its session has gained.

Each socket has a bounded buffer and its own writer, so that a client that does not read holds up nobody and is let go.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any
from uuid import UUID

import asyncpg
from starlette.websockets import WebSocket, WebSocketDisconnect

from services.ingest.chat import frames
from services.ingest.store import chat
from shared.database.connection import translate
from shared.database.wakeups import Wakeups
from shared.within import within

OVERLOAD = 1013
RESTART = 1012
_LARGEST_BUFFER = 262_144
_MOST_SOCKETS = 5_000
_POLL_SECONDS = 1.0


class Socket:
    """One client. ``seen`` is the last line of its session that was put into its buffer."""

    def __init__(self, websocket: WebSocket) -> None:
        self.websocket = websocket
        self.seen = 0
        self._frames: asyncio.Queue[str | int] = asyncio.Queue()
        self._buffered = 0

    def say(self, frame: dict[str, Any]) -> None:
        """Send ``frame`` after those before it; a client that does not read is let go."""
        text = json.dumps(frame, ensure_ascii=False, separators=(",", ":"))
        self._buffered += len(text)
        if self._buffered > _LARGEST_BUFFER:
            self.close(OVERLOAD)
        else:
            self._frames.put_nowait(text)

    def close(self, code: int) -> None:
        """Close after what is in the buffer."""
        self._frames.put_nowait(code)

    async def write(self) -> None:
        """Send what is said until closed."""
        with suppress(WebSocketDisconnect, RuntimeError):  # starlette's two words for a client that has gone
            while True:
                frame = await self._frames.get()
                if isinstance(frame, int):
                    await self.websocket.close(frame)
                    return
                await self.websocket.send_text(frame)
                self._buffered -= len(frame)


class Sockets:
    """All sockets with a session, and the loop that follows their lines."""

    name = "ingest.chat"

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], wakeups: Wakeups) -> None:
        self._pool = pool
        self._wakeup = wakeups.subscribe("ingest_chat")
        self._held: dict[UUID, set[Socket]] = {}
        self.connected = 0

    @property
    def full(self) -> bool:
        """No room for another socket."""
        return self.connected >= _MOST_SOCKETS

    def hold(self, session_id: UUID, socket: Socket) -> None:
        """From now on ``socket`` gets the session's lines behind ``socket.seen``."""
        self._held.setdefault(session_id, set()).add(socket)
        self._wakeup.set()

    def drop(self, session_id: UUID, socket: Socket) -> None:
        """The client has gone."""
        sockets = self._held.get(session_id, set())
        sockets.discard(socket)
        if not sockets:
            self._held.pop(session_id, None)

    async def run(self) -> None:
        """Push lines until cancelled, then let the clients come back to another replica.

        Raises:
            DatabaseUnavailable: nothing is lost; run again.
        """
        try:
            while True:
                self._wakeup.clear()
                if self._held:
                    await self._push()
                async with within(_POLL_SECONDS):
                    await self._wakeup.wait()
        except asyncio.CancelledError:
            for sockets in self._held.values():
                for socket in sockets:
                    socket.close(RESTART)
            raise

    async def _push(self) -> None:
        behind = {session: min(socket.seen for socket in sockets) for session, sockets in self._held.items()}
        with translate():
            lines = await chat.missed(self._pool, behind)
        for line in lines:
            frame = frames.line(line)
            for socket in self._held.get(line.session_id, ()):
                if line.seq > socket.seen:
                    socket.seen = line.seq
                    if frame is not None:
                        socket.say(frame)
