"""The router service from its parts: what runs, what it serves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
from fastapi import APIRouter
from starlette.routing import BaseRoute

from services.router.api import all_routes
from services.router.api.ports import Ports
from services.router.commands.writers import Commands
from services.router.console.serve import DIST, console_routes
from services.router.dispatch.loop import Dispatcher
from services.router.live import routes as live
from services.router.live.feed import Feed
from services.router.live.seats import Seats
from services.router.losses import losses
from services.router.outbox import Outbox
from services.router.perishable import PERISHABLES
from services.router.replies import Replies
from services.router.rulesets import RuleSetStore
from services.router.service import RouterWorker
from shared.clock import Clock
from shared.database.wakeups import Wakeups
from shared.eventlog.base import EventLog
from shared.health import Health
from shared.http.caller import Authenticator
from shared.http.idempotency import IdempotencyStore
from shared.parked_table import PostgresParking
from shared.pruning import Pruning
from shared.quarantine import Quarantine
from shared.quarantine_desk import QuarantineDesk
from shared.service import Service
from shared.telemetry import Metrics


@dataclass(frozen=True, slots=True)
class Router:
    """The service: run ``loops`` for ever, serve ``routers`` and ``pages``; ``stopping`` ends open streams."""

    loops: Sequence[Service]
    routers: Sequence[APIRouter]
    pages: Sequence[BaseRoute]
    feed: Feed
    commands: Commands

    def stopping(self) -> None:
        """Say goodbye on every open stream."""
        self.feed.stop()

    async def close(self) -> None:
        """Let the connections of commands go, once nobody is served any more."""
        await self.commands.close()


def build(
    *,
    database_url: str,
    pool: asyncpg.Pool[asyncpg.Record],
    log: EventLog,
    wakeups: Wakeups,
    clock: Clock,
    metrics: Metrics,
    health: Health,
    quarantine: Quarantine,
    parking: PostgresParking,
    authenticator: Authenticator,
    idempotency: IdempotencyStore,
) -> Router:
    """The service, not started yet; nothing is opened before its loops run."""
    rulesets = RuleSetStore(pool)
    commands = Commands(url=database_url, clock=clock)
    feed = Feed(url=database_url, wakeups=wakeups, clock=clock)
    seats = Seats(url=database_url, clock=clock)
    screens = live.routes(
        pool=pool, feed=feed, seats=seats, rulesets=rulesets, authenticator=authenticator, clock=clock
    )
    ports = Ports(
        pool=pool, commands=commands, rulesets=rulesets, auth=authenticator, idempotency=idempotency, clock=clock,
        quarantine=QuarantineDesk(pool, log=log, quarantine=quarantine, clock=clock), parking=parking,
    )  # fmt: skip
    worker = RouterWorker(
        url=database_url, log=log, rulesets=rulesets, clock=clock,
        quarantine=quarantine, parking=parking, health=health, metrics=metrics,
    )  # fmt: skip
    loops: list[Service] = [
        worker,
        worker.retries,
        Dispatcher(database_url=database_url, wakeups=wakeups, clock=clock, metrics=metrics, rulesets=rulesets),
        losses(url=database_url, log=log),
        Outbox(url=database_url, log=log, wakeups=wakeups, metrics=metrics),
        Replies(url=database_url, log=log, wakeups=wakeups, clock=clock),
        feed,
        seats,
        Pruning(pool, PERISHABLES),
    ]
    return Router(loops, [all_routes.routes(ports), screens], console_routes(DIST), feed, commands)
