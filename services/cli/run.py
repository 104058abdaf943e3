"""``inquiry-router up``, ``serve``, ``migrate``: the product itself."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Coroutine
from enum import StrEnum
from typing import Annotated, Any

import typer
import uvloop

from services.bootstrap import describe_api
from services.cli import opened
from services.demo import load
from services.product import run_product
from shared import asyncapi as events_document
from shared.access.store import AccessStore
from shared.telemetry import configure_logging

_Demo = Annotated[bool, typer.Option("--demo", help="With the demo company: people, rules, customers.")]


class ServiceName(StrEnum):
    """What can run apart."""

    INGEST = "ingest"
    CLASSIFIER = "classifier"
    ROUTER = "router"


def install(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command()(up)
    app.command()(serve)
    app.command()(migrate)
    app.command(hidden=True)(openapi)
    app.command(hidden=True)(asyncapi)


def up(demo: _Demo = False) -> None:
    """Start all three services in this process, with a database of its own unless DATABASE_URL names one.

    Example: inquiry-router up --demo
    """
    settings = opened.settings()
    configure_logging(settings.log_level)
    _to_the_end(run_product(settings, with_demo=demo))


def serve(service: ServiceName) -> None:
    """Start one service apart; several of each may run. Needs DATABASE_URL.

    Example: DATABASE_URL=postgresql://… inquiry-router serve router
    """
    settings = opened.settings(apart=service.value)
    configure_logging(settings.log_level)
    if settings.database_url is None:
        sys.stderr.write("DATABASE_URL is needed: a service apart has no database of its own\n")
        raise typer.Exit(2)
    _to_the_end(run_product(settings, services={service.value}))


def _to_the_end(product: Coroutine[Any, Any, None]) -> None:
    """Run ``product``; a signal that is sent twice must not cut short the last moment, which is no loop's any more."""
    uvloop.run(product)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def migrate(demo: _Demo = False) -> None:
    """Bring the database to this version's schema; with --demo, load the demo company too. May be repeated.

    Example: inquiry-router migrate
    """
    asyncio.run(_migrate(demo))


async def _migrate(demo: bool) -> None:
    settings = opened.settings()
    async with opened.pool(settings) as pool:
        if demo:
            given = load.credentials(password=settings.demo_password, api_key=settings.demo_api_key)
            await load.load_company(pool, AccessStore(pool), given, offer_seconds=settings.demo_offer_seconds)
            print(f"The demo company is loaded. Password {given.password}, key {given.api_key}")
    print("The database has this version's schema.")


def openapi() -> None:
    """Print the API document of all three services."""
    print(json.dumps(describe_api(), indent=1, ensure_ascii=False, sort_keys=True))


def asyncapi() -> None:
    """Print the description of the event log."""
    print(events_document.text(), end="")
