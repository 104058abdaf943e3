"""What a channel may use, handed to it when it is opened."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from services.ingest.channel import Accepting
from services.ingest.store.reads import Reads
from shared.clock import Clock
from shared.database.wakeups import Wakeups
from shared.http.caller import Authenticator
from shared.telemetry import Metrics

LOOPBACK = "127.0.0.1"
DEMO_SITE = "demo"


@dataclass(frozen=True, slots=True)
class ChatSite:
    """A web site that shows the widget. ``open_to_own_page`` also takes our own page, and no ``Origin`` at all."""

    name: str
    origins: frozenset[str]
    open_to_own_page: bool = False


@dataclass(frozen=True, slots=True)
class DoorSettings:
    """Where the doors are. ``recipients`` of ``None`` takes mail to every address; ``mail_folder`` of ``None`` is off."""

    lmtp_host: str = LOOPBACK
    lmtp_port: int | None = 8024
    mail_folder: Path | None = None
    recipients: Collection[str] | None = None
    chat_sites: Sequence[ChatSite] = ()
    most_unpublished: int = 100_000


@dataclass(frozen=True, slots=True)
class World:
    """The ports of ingest."""

    accept: Accepting
    reads: Reads
    pool: asyncpg.Pool[asyncpg.Record]
    wakeups: Wakeups
    clock: Clock
    metrics: Metrics
    authenticator: Authenticator
    doors: DoorSettings
