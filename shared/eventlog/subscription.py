"""One member of a group that reads a stream out of PostgreSQL."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import structlog

from shared.database.connection import Held
from shared.errors import DatabaseUnavailable
from shared.eventlog.base import Positions, PositionStore, Record
from shared.eventlog.reading import POLL_SECONDS, Cursor, heads, log_faults
from shared.eventlog.shares import Membership, Share
from shared.within import within

_log = structlog.get_logger(__name__)


class PostgresSubscription:
    """See the port. ``hint`` is set when there may be something to read."""

    def __init__(
        self,
        url: str,
        stream: str,
        group: str,
        *,
        hint: asyncio.Event,
        lease_seconds: float,
        positions: PositionStore | None,
    ) -> None:
        self._stream = stream
        self._membership = Membership(stream, group, uuid4(), lease_seconds)
        self._held = Held(url, name=f"{group} reads {stream}", hot=True)
        self._hint = hint
        self._positions = positions
        self._beat_seconds = lease_seconds / 5
        self._renew_at = 0.0
        self._share: Share | None = None
        self._committed: dict[int, int] = {}
        self._cursor = Cursor(stream, {})
        self._heart: asyncio.Task[None] | None = None

    @property
    def fence(self) -> int:
        """See the port."""
        return self._share.fence if self._share else 0

    async def join(self) -> None:
        """Become a member, and go on being one while a batch is worked on."""
        with log_faults():
            await self._renew()
        self._heart = asyncio.create_task(self._live())

    async def poll(self, *, limit: int, wait: float) -> list[Record]:
        """See the port."""
        deadline = asyncio.get_running_loop().time() + wait
        while True:
            self._hint.clear()
            with log_faults():
                await self._renew_if_due()
                async with self._held.use() as connection:
                    records = await self._cursor.read(connection, limit)
            left = deadline - asyncio.get_running_loop().time()
            if records or left <= 0:
                return records
            async with within(min(left, POLL_SECONDS)):
                await self._hint.wait()

    async def commit(self, positions: Positions) -> None:
        """See the port."""
        if self._share is None or not positions:
            return
        with log_faults():
            async with self._held.use() as connection:
                await self._membership.commit(connection, positions, self._share.incarnation)
        self._committed |= {part: pos for part, pos in positions.items() if part in self._committed}

    async def rewind(self) -> None:
        """See the port. The share may be another's by now, so the next poll asks for it anew."""
        self._share, self._renew_at = None, 0.0

    async def lag(self) -> int:
        """See the port."""
        with log_faults():
            async with self._held.use() as connection:
                ends = await heads(connection, self._stream)
        return sum(max(0, ends.get(part, 0) - done) for part, done in self._committed.items())

    async def close(self) -> None:
        """See the port."""
        self.die()
        try:
            async with self._held.use() as connection:
                await self._membership.leave(connection)
        except DatabaseUnavailable:
            _log.info("log.left_without_notice", stream=self._stream)  # the lease runs out by itself
        await self._held.close()

    def die(self) -> None:
        """Stop living without a word."""
        if self._heart is not None:
            self._heart.cancel()
            self._heart = None

    async def abandon(self) -> None:
        """Die, and let the connection go."""
        self.die()
        await self._held.close()

    async def _live(self) -> None:
        while True:
            await asyncio.sleep(self._beat_seconds)
            try:
                async with self._held.use() as connection:
                    await self._membership.beat(connection)
            except DatabaseUnavailable:
                continue  # the next poll says so

    async def _renew_if_due(self) -> None:
        if asyncio.get_running_loop().time() >= self._renew_at:
            await self._renew()

    async def _renew(self) -> None:
        async with self._held.use() as connection:
            share = await self._membership.renew(connection, self._share)
        if share is not self._share:
            self._share = None  # until the positions are known, so that a failure here is made good at the next poll
            await self._start_from_stored(share, share.positions)
            self._share = share
        self._renew_at = asyncio.get_running_loop().time() + self._beat_seconds

    async def _start_from_stored(self, share: Share, stored: Positions) -> None:
        parts = sorted(share.positions)
        if self._positions is not None:
            stored = await self._positions.load(parts, fence=share.fence, incarnation=share.incarnation)
        self._committed = {part: stored.get(part, 0) for part in parts}
        self._cursor = Cursor(self._stream, dict(self._committed))
