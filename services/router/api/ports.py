"""What the routes of the router work with."""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg
from fastapi import Request

from services.router.commands.writers import Commands
from services.router.facts import By
from services.router.rulesets import RuleSetStore
from shared.access.caller import Caller
from shared.clock import Clock
from shared.http.caller import Authenticator
from shared.http.idempotency import IdempotencyStore, idempotency_key
from shared.parked_table import PostgresParking
from shared.quarantine_desk import QuarantineDesk


@dataclass(frozen=True, slots=True)
class Ports:
    """Handed to each file's ``routes``."""

    pool: asyncpg.Pool[asyncpg.Record]
    commands: Commands
    rulesets: RuleSetStore
    auth: Authenticator
    idempotency: IdempotencyStore
    clock: Clock
    quarantine: QuarantineDesk
    parking: PostgresParking


def by(request: Request, caller: Caller) -> By:
    """Who sends this command, and its key."""
    return By(actor=caller.id, cause=idempotency_key(request))
