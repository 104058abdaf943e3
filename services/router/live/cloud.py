"""The view ``feed``: facts as CloudEvents in JSON, as far as the caller may hear of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from services.router.live.views import FEED_TYPES
from services.router.outbox import as_cloud_event
from services.router.store import conversations
from services.router.store.events import Recorded
from shared.access.caller import INTEGRATOR, Caller
from shared.database.connection import translate
from shared.http.types import timestamp

_OF_INQUIRIES = ("inquiry.", "offer.", "assignment.")
_WHOLE = ("operations",)


class Outside:
    """What one caller hears: operations all, an auditor all but texts, an integrator of its own inquiries."""

    def __init__(self, caller: Caller, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._caller = caller
        self._pool = pool
        self._own_only = caller.has(INTEGRATOR) and not caller.has("operations", "auditor")

    async def seen(self, facts: Sequence[Recorded]) -> dict[int, dict[str, Any]]:
        """The CloudEvents by position.

        Raises:
            DatabaseUnavailable: whose inquiries these are cannot be known now.
        """
        public = [recorded for recorded in facts if recorded.fact.type in FEED_TYPES]
        if self._own_only:
            public = await self._own(public)
        return {recorded.pos: self._event(recorded) for recorded in public}

    async def _own(self, facts: Sequence[Recorded]) -> list[Recorded]:
        about = [recorded for recorded in facts if recorded.fact.type.startswith(_OF_INQUIRIES)]
        with translate():
            callers = await conversations.callers(self._pool, {UUID(r.fact.subject) for r in about})
        return [recorded for recorded in about if callers.get(UUID(recorded.fact.subject)) == self._caller.id]

    def _event(self, recorded: Recorded) -> dict[str, Any]:
        sent = as_cloud_event(recorded)
        return {
            "specversion": "1.0",
            "id": sent.id,
            "type": sent.type,
            "source": sent.source,
            "subject": sent.subject,
            "time": timestamp(sent.time),
            "datacontenttype": "application/json",
            "sequence": recorded.pos,
            "data": self._told(sent.data),
        }

    def _told(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        if self._caller.has(*_WHOLE) or self._own_only or "classification" not in data:
            return data
        return {**data, "classification": {**data["classification"], "passage": None}}
