"""The ingest service from its parts: what runs, what it serves, where its doors are. Channels are found by name."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import asyncpg
from fastapi import APIRouter

from services.ingest import channels
from services.ingest.accept import Accept
from services.ingest.backlog import Backlog
from services.ingest.channel import Door, Loop
from services.ingest.chat.leaving import Leaving
from services.ingest.chat.replies import GROUP as REPLIES_GROUP
from services.ingest.chat.replies import Replies
from services.ingest.mail.lanes import Lanes
from services.ingest.normalise import Normaliser
from services.ingest.relay import Relay
from services.ingest.status import GROUP as STATUS_GROUP
from services.ingest.status import StatusKeeper
from services.ingest.store import publishing
from services.ingest.store.reads import Reads
from services.ingest.world import DoorSettings, World
from shared.clock import Clock
from shared.database.wakeups import Wakeups
from shared.eventlog.base import EventLog
from shared.eventlog.losses import Losses
from shared.events import CLASSIFIED, RECEIVED, REPLIES, ROUTING
from shared.health import Health
from shared.http.caller import Authenticator
from shared.parking import Parking
from shared.quarantine import Quarantine
from shared.telemetry import Metrics
from shared.worker import Consumer

_FOLLOWED = ((ROUTING, STATUS_GROUP, StatusKeeper), (REPLIES, REPLIES_GROUP, Replies))
"""Stream, group, and who keeps what the stream says."""


class Kind(Protocol):
    """A file of ``services.ingest.channels``."""

    def open_channel(self, world: World) -> Door:
        """The door, not listening before its loops run."""
        ...


@dataclass(frozen=True, slots=True)
class Ingest:
    """The service: run ``loops`` for ever, serve ``routes(ingest)``."""

    loops: Sequence[Loop]
    doors: Sequence[Door]

    async def opened(self) -> dict[str, str]:
        """Where the listening doors are, once all of them listen: ``{"lmtp": "127.0.0.1:8024"}``."""
        addresses = await asyncio.gather(*(door.opened() for door in self.doors))
        return {door.name: address for door, address in zip(self.doors, addresses, strict=True) if address}


def build(
    *,
    database_url: str,
    pool: asyncpg.Pool[asyncpg.Record],
    log: EventLog,
    wakeups: Wakeups,
    clock: Clock,
    metrics: Metrics,
    quarantine: Quarantine,
    parking: Parking,
    health: Health,
    authenticator: Authenticator,
    doors: DoorSettings,
) -> Ingest:
    """The service, not started yet; nothing is opened before its loops run."""
    accept = Accept(database_url=database_url, clock=clock, metrics=metrics)
    backlog = Backlog(accept, database_url=database_url, most=doors.most_unpublished)
    world = World(
        accept=backlog,
        reads=Reads(pool),
        pool=pool,
        wakeups=wakeups,
        clock=clock,
        metrics=metrics,
        authenticator=authenticator,
        doors=doors,
    )
    opened = [kind.open_channel(world) for kind in _kinds()]

    following = _following(
        log, database_url, quarantine=quarantine, parking=parking, health=health, metrics=metrics, clock=clock
    )
    losses = Losses(
        name="ingest.losses", database_url=database_url, log=log, streams=(RECEIVED, CLASSIFIED), again=publishing.lost
    )
    loops: list[Loop] = [
        accept,
        backlog,
        Normaliser(database_url=database_url, wakeups=wakeups, lanes=Lanes()),
        losses,
        Relay(database_url=database_url, log=log, wakeups=wakeups, clock=clock, metrics=metrics),
        Leaving(database_url=database_url, log=log, wakeups=wakeups),
        *following,
        *(one.retries for one in following),
    ]
    loops += [loop for door in opened for loop in door.loops]
    return Ingest(loops=loops, doors=opened)


def routes(ingest: Ingest) -> APIRouter:
    """The HTTP routes of all doors."""
    router = APIRouter()
    for door in ingest.doors:
        if door.router is not None:
            router.include_router(door.router)
    return router


def _following(log: EventLog, database_url: str, **given: Any) -> list[Consumer]:
    """The consumers of all that is followed."""
    return [
        Consumer(
            group=group,
            stream=stream,
            subscribe=partial(log.subscribe, stream, group),
            handle=keeper(database_url=database_url).handle,
            **given,
        )
        for stream, group, keeper in _FOLLOWED
    ]


def _kinds() -> list[Kind]:
    names = sorted(module.name for module in pkgutil.iter_modules(channels.__path__))
    return [importlib.import_module(f"{channels.__name__}.{name}") for name in names]
