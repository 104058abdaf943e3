"""The composition root: which services start, and which adapters they get. The only place that names an adapter."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import asyncpg
from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute

from services.classifier import api as classifier_api
from services.classifier import service as classifier
from services.classifier.answering import Answering
from services.ingest import app as ingest
from services.ingest.world import ChatSite, DoorSettings
from services.router import app as router
from shared.access.store import AccessStore
from shared.clock import Clock, SystemClock
from shared.database.wakeups import Wakeups
from shared.eventlog.base import EventLog
from shared.eventlog.kafka.log import KafkaLog
from shared.eventlog.kafka.options import Access, Shape
from shared.eventlog.postgres import PostgresLog
from shared.eventlog.retention import DAYS, Retention
from shared.health import Health
from shared.http import sign_in
from shared.http.app import create_app
from shared.http.caller import Authenticator
from shared.http.idempotency import IdempotencyStore
from shared.http.rate import Rate, RateLimiter
from shared.parked_table import PostgresParking
from shared.quarantine import PostgresQuarantine
from shared.service import Service
from shared.settings import ChannelsFile, Settings
from shared.telemetry import Metrics

INGEST, CLASSIFIER, ROUTER = "ingest", "classifier", "router"
LOG_BOUND = ("log", "ingest.relay", "ingest.losses", "ingest.status", "ingest.replies", CLASSIFIER, ROUTER)
"""How the names of those parts begin that do nothing without the log; doors and desks do without them."""
ALL = frozenset({INGEST, CLASSIFIER, ROUTER})


@dataclass(frozen=True)
class ChosenLog:
    """The event log, what has to run beside it, and what a start does that knows every earlier process to be dead."""

    log: EventLog
    loops: Sequence[Service]
    begin_alone: Callable[[], Awaitable[None]] | None = None


@dataclass(frozen=True)
class Parts:
    """What every service gets, made once a process. Nothing here is connected before it is used."""

    settings: Settings
    database_url: str
    pool: asyncpg.Pool[asyncpg.Record]
    clock: Clock = field(default_factory=SystemClock)
    metrics: Metrics = field(default_factory=Metrics)
    health: Health = field(default_factory=Health)

    def __post_init__(self) -> None:
        limiter = RateLimiter(Rate(self.settings.rate_per_key, self.settings.rate_burst), self.clock)
        access = AccessStore(self.pool, clock=self.clock)
        wakeups = Wakeups(self.database_url)
        made = {
            "wakeups": wakeups,
            "chosen_log": _choose_log(self.settings, self.database_url, wakeups, self.health),
            "quarantine": PostgresQuarantine(self.pool, metrics=self.metrics),
            "parking": PostgresParking(self.pool, metrics=self.metrics),
            "access": access,
            "authenticator": Authenticator(access, limiter=limiter, public_url=self.settings.public_url),
        }
        for name, part in made.items():
            object.__setattr__(self, name, part)

    wakeups: Wakeups = field(init=False)
    chosen_log: ChosenLog = field(init=False)
    quarantine: PostgresQuarantine = field(init=False)
    parking: PostgresParking = field(init=False)
    access: AccessStore = field(init=False)
    authenticator: Authenticator = field(init=False)

    @property
    def log(self) -> EventLog:
        return self.chosen_log.log


@dataclass(frozen=True)
class Built:
    """One service: loops to run, routes to serve."""

    loops: Sequence[Service]
    routers: Sequence[APIRouter]
    pages: Sequence[BaseRoute] = ()
    ingest: ingest.Ingest | None = None
    router: router.Router | None = None

    def stopping(self) -> None:
        """Say goodbye on open streams, so that the servers can end."""
        if self.router is not None:
            self.router.stopping()

    async def close(self) -> None:
        """Let go what requests have opened; for the time when nobody is served any more."""
        if self.router is not None:
            await self.router.close()


def build_ingest(parts: Parts, channels: ChannelsFile | None) -> Built:
    """The doors. ``channels`` of ``None`` takes mail to every address and has no chat site."""
    built = ingest.build(
        database_url=parts.database_url,
        pool=parts.pool,
        log=parts.log,
        wakeups=parts.wakeups,
        clock=parts.clock,
        metrics=parts.metrics,
        health=parts.health,
        quarantine=parts.quarantine,
        parking=parts.parking,
        authenticator=parts.authenticator,
        doors=_doors(parts.settings, channels),
    )
    return Built(built.loops, [ingest.routes(built)], ingest=built)


def build_classifier(parts: Parts, answering: Answering) -> Built:
    """The stream processor and ``POST /classify``."""
    loop = classifier.stage(
        answering=answering,
        log=parts.log,
        clock=parts.clock,
        metrics=parts.metrics,
        health=parts.health,
        quarantine=parts.quarantine,
        parking=parts.parking,
    )
    return Built([loop, loop.retries], [classifier_api.routes(answering=answering, authenticator=parts.authenticator)])


def build_router(parts: Parts) -> Built:
    """Conversations, decisions, dispatch, the API of the desks, and the console."""
    built = router.build(
        database_url=parts.database_url,
        pool=parts.pool,
        log=parts.log,
        wakeups=parts.wakeups,
        clock=parts.clock,
        metrics=parts.metrics,
        health=parts.health,
        quarantine=parts.quarantine,
        parking=parts.parking,
        authenticator=parts.authenticator,
        idempotency=IdempotencyStore(parts.pool),
    )
    signing_in = sign_in.routes(
        access=parts.access, authenticator=parts.authenticator, public_url=parts.settings.public_url
    )
    return Built(built.loops, [signing_in, *built.routers], pages=built.pages, router=built)


def build(
    parts: Parts, services: Collection[str], *, answering: Answering | None, channels: ChannelsFile | None
) -> Mapping[str, Built]:
    """The named services; the classifier needs somebody ``answering``."""
    built: dict[str, Built] = {}
    if INGEST in services:
        built[INGEST] = build_ingest(parts, channels)
    if CLASSIFIER in services and answering is not None:
        built[CLASSIFIER] = build_classifier(parts, answering)
    if ROUTER in services:
        built[ROUTER] = build_router(parts)
    return built


def build_app(parts: Parts, built: Collection[Built]) -> FastAPI:
    """One application with the routes of all ``built`` services."""
    routers = [one for service in built for one in service.routers]
    app = create_app(title="Inquiry Router", routers=routers, health=parts.health)
    app.router.routes.extend(page for service in built for page in service.pages)
    return app


def _choose_log(settings: Settings, database_url: str, wakeups: Wakeups, health: Health) -> ChosenLog:
    if settings.log_url == "postgres:":
        postgres = PostgresLog(database_url, wakeups=wakeups)
        return ChosenLog(postgres, [Retention(log=postgres)], postgres.forget_members)
    access = Access(
        settings.log_url.removeprefix("kafka://"),
        tls=settings.kafka_tls,
        authority=settings.kafka_tls_ca,
        certificate=settings.kafka_tls_cert,
        key=settings.kafka_tls_key,
        mechanism=settings.kafka_sasl_mechanism,
        username=settings.kafka_username,
        password=settings.kafka_password,
    )
    shape = Shape(settings.kafka_partitions, settings.kafka_replication, DAYS)
    kafka = KafkaLog(access, shape=shape, health=health)
    return ChosenLog(kafka, [kafka])


def _doors(settings: Settings, channels: ChannelsFile | None) -> DoorSettings:
    doors = DoorSettings(
        lmtp_host=settings.lmtp_host,
        lmtp_port=settings.lmtp_port,
        mail_folder=settings.mail_dir,
        most_unpublished=settings.unpublished_limit,
    )
    if channels is None:
        return doors
    return replace(
        doors,
        recipients=[entry.address for entry in channels.mail],
        chat_sites=[
            ChatSite(entry.site, frozenset(entry.origins), open_to_own_page=entry.site == "demo")
            for entry in channels.chat
        ],
    )


def describe_api() -> dict[str, Any]:
    """The joint OpenAPI document, without a database, a model or a network."""
    settings = Settings(data_dir=Path(), mail_dir=Path())
    nowhere: Any = None
    parts = Parts(settings=settings, database_url="postgresql://nowhere", pool=nowhere)
    built = [build_ingest(parts, None), build_classifier(parts, nowhere), build_router(parts)]
    document: dict[str, Any] = build_app(parts, built).openapi()
    return document
