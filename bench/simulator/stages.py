"""The product's own stages, put together as the services are when they run apart: ingest, classifier, router."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from bench.simulator.company import Topics
from bench.simulator.process import Process
from bench.simulator.world import URL, World
from services.classifier import service as classifier
from services.ingest.accept import Accept
from services.ingest.relay import Relay
from services.ingest.status import GROUP as STATUS_GROUP
from services.ingest.status import StatusKeeper
from services.ingest.store import publishing
from services.router.commands.writers import Commands
from services.router.dispatch.loop import Dispatcher
from services.router.live.feed import Feed
from services.router.losses import losses
from services.router.outbox import Outbox
from services.router.replies import Replies
from services.router.rulesets import RuleSetStore
from services.router.service import RouterWorker
from shared.eventlog.losses import Losses
from shared.events import CLASSIFIED, RECEIVED, ROUTING
from shared.health import Health
from shared.parked_table import PostgresParking
from shared.quarantine import PostgresQuarantine
from shared.service import supervise
from shared.telemetry import Metrics
from shared.worker import Consumer

PATIENCE_SECONDS = 8.0
LOOK_AGAIN_SECONDS = 2.0


@dataclass(slots=True)
class Doors:
    """Where people reach the processes that run now."""

    accepting: dict[Process, Accept]
    commands: dict[Process, Commands]
    feeds: dict[Process, Feed]


async def ingest(world: World, doors: Doors, process: Process) -> None:
    """Accept, publish, and follow what the router says."""
    given, log, wakeups = _given(world, process), world.log(process), world.wakeups(process)
    accept = Accept(database_url=URL, clock=world.clock, metrics=given["metrics"])
    doors.accepting[process] = accept
    relay = Relay(
        database_url=URL,
        log=log,
        wakeups=wakeups,
        clock=world.clock,
        patience=PATIENCE_SECONDS,
        look_again=LOOK_AGAIN_SECONDS,
    )
    lost = Losses(
        name="ingest.losses", database_url=URL, log=log, streams=(RECEIVED, CLASSIFIED), again=publishing.lost
    )
    status = Consumer(
        group=STATUS_GROUP,
        stream=ROUTING,
        subscribe=partial(log.subscribe, ROUTING, STATUS_GROUP),
        handle=StatusKeeper(database_url=URL).handle,
        **given,
    )
    await _serve([accept, relay, lost, status, status.retries], given)


async def classify(world: World, topics: Topics, process: Process) -> None:
    """Classify."""
    given = _given(world, process)
    stage = classifier.stage(answering=topics, log=world.log(process), **given)
    await _serve([stage, stage.retries], given)


async def route(world: World, doors: Doors, process: Process) -> None:
    """Take in, dispatch, publish, answer people, and feed their screens."""
    given, log, wakeups = _given(world, process), world.log(process), world.wakeups(process)
    rulesets = RuleSetStore(world.pool(process))
    feed = Feed(url=URL, wakeups=wakeups, clock=world.clock)
    doors.commands[process] = Commands(url=URL, clock=world.clock)
    doors.feeds[process] = feed
    worker = RouterWorker(url=URL, log=log, rulesets=rulesets, **given)
    metrics = given["metrics"]
    loops = [
        worker,
        worker.retries,
        Dispatcher(database_url=URL, wakeups=wakeups, clock=world.clock, metrics=metrics, rulesets=rulesets),
        losses(url=URL, log=log),
        Outbox(url=URL, log=log, wakeups=wakeups, metrics=metrics),
        Replies(url=URL, log=log, wakeups=wakeups, clock=world.clock),
        feed,
    ]
    await _serve(loops, given)


def _given(world: World, process: Process) -> dict[str, Any]:
    """What every stage of a process shares."""
    metrics, pool = Metrics(), world.pool(process)
    return {
        "clock": world.clock,
        "metrics": metrics,
        "health": Health(),
        "quarantine": PostgresQuarantine(pool, metrics=metrics),
        "parking": PostgresParking(pool, metrics=metrics),
    }


async def _serve(loops: list[Any], given: dict[str, Any]) -> None:
    await supervise(loops, health=given["health"], metrics=given["metrics"])
