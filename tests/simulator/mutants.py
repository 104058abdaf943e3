"""The nine bugs of which the simulator must see each: guards of the product, switched off one at a time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch
from uuid import UUID

from bench.simulator.connection import SimConnection
from bench.simulator.log import SimSubscription
from bench.simulator.process import PROCESS
from bench.simulator.world import URL
from services.ingest import accept
from services.ingest.channel import Receipt
from services.router import outbox
from services.router.decide import match
from services.router.decide.work import AgentView
from services.router.dispatch import statements
from services.router.dispatch.lock import Leadership
from services.router.live import cloud
from services.router.store import events, inbox
from shared.database.connection import connect
from shared.errors import DatabaseUnavailable
from shared.eventlog import encoding
from shared.quarantine import PostgresQuarantine

Patch = tuple[Any, str, Any]


@dataclass(frozen=True)
class Mutant:
    """``patches`` of the code and ``sabotage`` of the tables; ``seen_as`` are invariants that must name it."""

    name: str
    seen_as: frozenset[str]
    patches: Callable[[], Sequence[Patch]]
    sabotage: str = ""

    @contextmanager
    def applied(self) -> Iterator[None]:
        with ExitStack() as stack:
            for target, name, value in self.patches():
                stack.enter_context(patch.object(target, name, value))
            yield


def _acknowledged_before_commit() -> Sequence[Patch]:
    async def answer(self: Any, batch: Any) -> None:
        accept._tell(batch, [Receipt(waiting.delivery.id, 0, repeated=False) for waiting in batch])
        with suppress(DatabaseUnavailable):
            await self._write([waiting.delivery for waiting in batch])

    return [(accept.Accept, "_answer", answer)]


def _position_before_effect() -> Sequence[Patch]:
    poll = SimSubscription.poll

    async def poll_and_commit(self: Any, **how: Any) -> Any:
        records = await poll(self, **how)
        await self.commit({record.partition: record.position + 1 for record in records})
        return records

    return [(SimSubscription, "poll", poll_and_commit)]


def _no_dedupe() -> Sequence[Patch]:
    async def mark(_: Any, event_ids: Sequence[str]) -> set[str]:
        return set(event_ids)

    return [(inbox, "mark", mark)]


def _check_then_assign() -> Sequence[Patch]:
    condition = "AND i.state = 'waiting' AND i.version = w.version AND l.load + i.weight <= l.capacity"
    unchecked = statements.OFFER.replace(condition, "")
    assert unchecked != statements.OFFER
    return [(statements, "OFFER", unchecked), *two_dispatchers_at_once()]


def two_dispatchers_at_once() -> Sequence[Patch]:
    """Neither lock nor term: whoever stands by works too."""
    fetchval = SimConnection.fetchval

    async def unlocked(self: Any, query: str, *args: Any) -> Any:
        return True if query == "SELECT pg_try_advisory_lock($1)" else await fetchval(self, query, *args)

    async def keep(_: Any) -> None:
        await asyncio.Event().wait()

    return [
        (SimConnection, "fetchval", unlocked),
        (Leadership, "keep", keep),
        (statements, "TERM", "SELECT $1::bigint"),
    ]


def _capacity_off_by_one() -> Sequence[Patch]:
    roomy = statements.OFFER.replace("l.load + i.weight <= l.capacity", "l.load < l.capacity")
    assert roomy != statements.OFFER
    has_room, exclusion = AgentView.has_room, match.exclusion

    def one_more(view: AgentView) -> AgentView:
        return replace(view, capacity=view.capacity + 100) if view.load < view.capacity else view

    return [
        (statements, "OFFER", roomy),
        (AgentView, "has_room", lambda view, item: has_room(one_more(view), item)),
        (match, "exclusion", lambda item, agent, refused: exclusion(item, one_more(agent), refused)),
    ]


def _new_id_per_try() -> Sequence[Patch]:
    event, dice = outbox.as_cloud_event, random.Random(0)

    def renamed(row: Any) -> Any:
        return replace(event(row), id=str(UUID(int=dice.getrandbits(128))))

    return [(outbox, "as_cloud_event", renamed), (cloud, "as_cloud_event", renamed)]


def _audit_outside_the_transaction() -> Sequence[Patch]:
    fetchval = SimConnection.fetchval

    async def apart(self: Any, query: str, *args: Any) -> Any:
        if query != events.APPEND or PROCESS.get(None) is None:
            return await fetchval(self, query, *args)
        other = await connect(URL, name="mutant")
        try:
            return await fetchval(other, query, *args)
        finally:
            other.terminate()

    return [(SimConnection, "fetchval", apart)]


def _random_partition() -> Sequence[Patch]:
    dice = random.Random(0)
    return [(encoding, "partition_of", lambda _: dice.randrange(encoding.PARTITIONS))]


def _poison_dropped() -> Sequence[Patch]:
    async def put(*_: Any, **__: Any) -> None:
        return

    return [(PostgresQuarantine, "put", put)]


UNLED = Mutant("two dispatchers at once", frozenset(), two_dispatchers_at_once)
"""No mutant: the conditions of each write are enough."""

MUTANTS = [
    Mutant("acknowledged before commit", frozenset({"I1"}), _acknowledged_before_commit),
    Mutant("position before effect", frozenset({"I8"}), _position_before_effect),
    Mutant("no dedupe", frozenset({"I5"}), _no_dedupe),
    Mutant(
        "check, then assign",
        frozenset({"I3", "I4", "I5"}),
        _check_then_assign,
        """DROP INDEX router.offer_one_open; DROP INDEX router.assignment_one_open;
        ALTER TABLE router.offer DROP CONSTRAINT offer_pkey;
        ALTER TABLE router.assignment DROP CONSTRAINT assignment_pkey;
        ALTER TABLE router.decision DROP CONSTRAINT decision_pkey;""",
    ),
    Mutant("capacity off by one", frozenset({"I4"}), _capacity_off_by_one),
    Mutant("new id per try", frozenset({"I7"}), _new_id_per_try),
    Mutant("audit outside the transaction", frozenset({"I4", "I5"}), _audit_outside_the_transaction),
    Mutant("random partition key", frozenset({"I6"}), _random_partition),
    Mutant("poison dropped", frozenset({"I1", "I8", "I14"}), _poison_dropped),
]
