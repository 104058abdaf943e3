"""Where a member begins to read its share, and under which fence: looked up whenever the share changes hands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from aiokafka import TopicPartition

from shared.errors import LogUnavailable, ShareLost
from shared.eventlog.base import Positions, PositionStore
from shared.eventlog.kafka.control import Control
from shared.eventlog.kafka.faults import bounded
from shared.eventlog.kafka.membership import Membership
from shared.eventlog.kafka.options import Patience
from shared.eventlog.kafka.streams import Streams

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Start:
    """What a member knows of its share; it holds until ``changes`` or ``incarnation`` are others."""

    positions: Positions
    fence: int
    incarnation: str
    changes: int


class Starting:
    """Looks it up: positions of another incarnation of the stream count for nothing."""

    def __init__(
        self,
        stream: str,
        group: str,
        *,
        streams: Streams,
        control: Control,
        positions: PositionStore | None,
        patience: Patience,
    ) -> None:
        self._stream = stream
        self._group = group
        self._streams = streams
        self._control = control
        self._positions = positions
        self._patience = patience

    def holds(self, start: Start, membership: Membership) -> bool:
        """Whether nothing has changed since ``start`` was looked up."""
        known = self._streams.known(self._stream)
        return start.changes == membership.share.changes and known in {None, start.incarnation}

    async def look_up(self, membership: Membership) -> Start:
        """The share's beginning.

        Raises:
            LogUnavailable: somebody cannot be asked, or a later member has the share.
        """
        share = membership.share
        changes, fence, parts = share.changes, membership.generation, sorted(share.partitions or ())
        incarnation = await self._streams.incarnation(self._stream)
        stored: Positions = {}
        if parts:
            fence, stored = await self._stored(membership, parts, fence, incarnation)
        positions = await self._within_reach(parts, stored)
        return Start(positions, fence, incarnation, changes)

    async def _stored(
        self, membership: Membership, parts: Sequence[int], fence: int, incarnation: str
    ) -> tuple[int, Positions]:
        if self._positions is None:
            committed = await self._control.committed(self._group, self._stream, parts)
            return fence, {part: pos for part, (pos, note) in committed.items() if note == incarnation}
        try:
            return fence, await self._positions.load(parts, fence=fence, incarnation=incarnation)
        except ShareLost as lost:
            await self._prove_membership(membership, parts)
            # The broker has forgotten the group, and counts its generations from the start.
            _log.warning("log.generations_began_anew", group=self._group, generation=fence, fence=lost.fence)
            return lost.fence + 1, await self._positions.load(parts, fence=lost.fence + 1, incarnation=incarnation)

    async def _prove_membership(self, membership: Membership, parts: Sequence[int]) -> None:
        """Only a member of the present generation may commit; where positions are kept elsewhere, that is a hint.

        Raises:
            LogUnavailable: the share is another's, or the member stands between two generations.
        """
        if membership.generation < 0:  # with an empty group the broker would take such a commit from anybody
            raise LogUnavailable(f"{self._group} is rearranging itself")
        async with bounded(self._patience.commit, "another member has taken the share over"):
            await membership.consumer.commit({TopicPartition(self._stream, part): 0 for part in parts})

    async def _within_reach(self, parts: Sequence[int], stored: Positions) -> Positions:
        """``stored``, moved to the oldest record that is left; what is beyond the end tells of lost records."""
        first, ends = await self._control.reach(self._stream, parts) if parts else ({}, {})
        found: dict[int, int] = {}
        for part in parts:
            pos = stored.get(part, 0)
            if pos > ends[part]:
                await self._streams.renew(self._stream)
                raise LogUnavailable(f"{self._stream} ends before what was read of it")
            if 0 < pos < first[part]:
                _log.error("log.expired_unread", stream=self._stream, partition=part, missing=first[part] - pos)
            found[part] = max(pos, first[part])
        return found
