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
from shared.settings import Settings
from shared.telemetry import Metrics

LOOPBACK = "127.0.0.1"
DEMO_SITE = "demo"
DEMO_RECIPIENTS = frozenset({"info@shop.example", "billing@shop.example", "repair@shop.example"})


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


def door_settings(settings: Settings, *, demo: bool) -> DoorSettings:
    """The doors that ``settings`` ask for; the demo brings its own addresses and site."""
    channels = settings.channels
    recipients = {each.address for each in channels.mail} if channels else None
    origins = (
        {each.site: frozenset(url.rstrip("/").lower() for url in each.origins) for each in channels.chat}
        if channels
        else {}
    )
    if demo:
        recipients = (recipients or set()) | DEMO_RECIPIENTS
        origins.setdefault(DEMO_SITE, frozenset())
    return DoorSettings(
        lmtp_port=settings.lmtp_port,
        mail_folder=settings.mail_dir,
        recipients=recipients,
        chat_sites=[
            ChatSite(name, allowed, open_to_own_page=demo and name == DEMO_SITE) for name, allowed in origins.items()
        ],
    )


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
