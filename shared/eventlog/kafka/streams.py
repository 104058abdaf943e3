"""Our streams: made as they must be before anybody reads them, checked, and known by their incarnation."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import uuid4

import structlog

from shared.errors import LogUnavailable
from shared.eventlog.kafka.control import MARKERS, Control
from shared.eventlog.kafka.faults import bounded
from shared.eventlog.kafka.options import Shape

_log = structlog.get_logger(__name__)
_USUAL_COPIES = 3
_LOOK_SECONDS = 0.05
_LED_SECONDS = 10.0

Mark = Callable[[str, str], Awaitable[None]]
"""Appends a marker: stream, incarnation."""


class Misshapen(LogUnavailable):
    """A stream is there and is not as it must be; says what to change."""


class Streams:
    """What is known of the streams that this process uses."""

    def __init__(self, control: Control, shape: Shape, mark: Mark) -> None:
        self._control = control
        self._shape = shape
        self._mark = mark
        self._used: set[str] = set()
        self._incarnations: dict[str, str] = {}
        self._turn = asyncio.Lock()

    def known(self, stream: str) -> str | None:
        """The incarnation of ``stream`` as last seen; ``None`` if it has to be looked at."""
        return self._incarnations.get(stream)

    async def incarnation(self, stream: str) -> str:
        """See that ``stream`` is there and as it must be, and tell which incarnation it is.

        Raises:
            Misshapen: it is not as it must be.
            LogUnavailable: there is nobody to ask.
        """
        self._used.add(stream)
        async with self._turn:
            if stream not in self._incarnations:
                await self._look()
            return self._incarnations[stream]

    def forget(self) -> None:
        """Look again before the next use: something was not as expected."""
        self._incarnations.clear()

    async def renew(self, stream: str) -> None:
        """Records of ``stream`` are gone that were there: from now on it is another one, for all who read it."""
        _log.error("log.lost_records", stream=stream)
        await self._mark(stream, uuid4().hex)
        self.forget()

    async def look(self) -> None:
        """Make what is missing of the streams in use, check the rest, and read the incarnations.

        Raises:
            Misshapen, LogUnavailable: see ``incarnation``.
        """
        async with self._turn:
            await self._look()

    async def _look(self) -> None:
        cluster, brokers, found = await self._control.streams()
        copies = self._shape.copies or min(_USUAL_COPIES, brokers)
        if MARKERS not in found:
            await self._control.create(
                MARKERS, partitions=1, copies=copies, configs={"cleanup.policy": "compact"} | _in_sync(copies)
            )
        for stream in sorted(self._used):
            if stream not in found:
                await self._make(stream, copies)
            elif stream not in self._incarnations:
                await self._check(stream, found[stream])
        markers = await self._control.markers()
        for stream in self._used - markers.keys():
            await self._mark(stream, uuid4().hex)
            markers = await self._control.markers()
        self._incarnations = {stream: f"{cluster}/{markers[stream]}" for stream in self._used}

    async def _make(self, stream: str, copies: int) -> None:
        """The marker first: a stream without one would pass for the one that was lost."""
        configs = {"cleanup.policy": "delete", "retention.ms": str(self._shape.retention_ms)} | _in_sync(copies)
        make = partial(self._control.create, stream, partitions=self._shape.partitions, copies=copies, configs=configs)
        if await make(trial=True):  # else somebody was faster, or the broker that we ask is behind
            await self._mark(stream, uuid4().hex)
            await make()
            _log.info("log.stream_made", stream=stream, partitions=self._shape.partitions, copies=copies)
        await self._check(stream, await self._led(stream))

    async def _led(self, stream: str) -> list[dict[str, Any]]:
        """The partitions, once each has a leader."""
        async with bounded(_LED_SECONDS, f"waiting for the leaders of {stream}"):
            while True:
                _, _, found = await self._control.streams()
                partitions = found.get(stream, [])
                if partitions and all(part["leader"] >= 0 for part in partitions):
                    return partitions
                await asyncio.sleep(_LOOK_SECONDS)

    async def _check(self, stream: str, partitions: list[dict[str, Any]]) -> None:
        faults = []
        if len(partitions) != self._shape.partitions:
            faults.append(f"has {len(partitions)} partitions, KAFKA_PARTITIONS is {self._shape.partitions}")
        copies = min(len(part["replicas"]) for part in partitions)
        if self._shape.copies is not None and copies < self._shape.copies:
            faults.append(f"has {copies} replicas, KAFKA_REPLICATION is {self._shape.copies}")
        configs = await self._control.configuration(stream)
        wanted = {"retention.ms": str(self._shape.retention_ms), "cleanup.policy": "delete"}
        faults += [
            f"{name} is {configs.get(name)}, not {value}"
            for name, value in wanted.items()
            if configs.get(name) != value
        ]
        least = int(_in_sync(copies)["min.insync.replicas"])
        if not least <= int(configs.get("min.insync.replicas") or 1) <= max(least, copies - 1):
            faults.append(f"min.insync.replicas is {configs.get('min.insync.replicas')}, not {least}")
        if faults:
            raise Misshapen(f"stream {stream} is not as it must be: {'; '.join(faults)}")


def _in_sync(copies: int) -> dict[str, str]:
    """One copy may be away without a record being refused, and none of two is trusted alone."""
    return {"min.insync.replicas": str(max(1, copies - 1))}
