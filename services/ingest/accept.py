"""Commit deliveries before anybody is told: one writer takes what waits, in one statement, then answers all.

The batch is whatever came during the commit before it, at most 200 deliveries or 32 MB; there is no timer. When the
connection breaks in the commit, the outcome is unknown: the same batch is written once more, and what had been
committed then stands in its own way and is found. Only if that fails too does nobody know.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import structlog

from services.ingest.channel import Delivery, Receipt
from services.ingest.store import chat, receipts
from shared.clock import Clock
from shared.database.connection import Held
from shared.errors import DatabaseUnavailable, Overloaded, Refused
from shared.telemetry import Metrics

_LARGEST_BATCH = 200
_LARGEST_BATCH_BYTES = 32_000_000
_MOST_WAITING = 2_000
_MOST_WAITING_BYTES = 256_000_000
_LONGEST_WAIT = 9.0
"""Seconds; the contract's 10 s for any request, less the way back."""

log = structlog.get_logger(__name__)

Result = Receipt | Exception


@dataclass(slots=True)
class _Waiting:
    delivery: Delivery
    answer: asyncio.Future[Receipt]


class Accept:
    """The one writer of receipts in this process; see ``services.ingest.channel.Accepting`` for what it promises."""

    name = "ingest.accept"

    def __init__(self, *, database_url: str, clock: Clock, metrics: Metrics) -> None:
        self._held = Held(database_url, name=self.name, hot=True)
        self._clock = clock
        self._metrics = metrics
        self._waiting: deque[_Waiting] = deque()
        self._bytes = 0
        self._some = asyncio.Event()

    async def submit(self, delivery: Delivery) -> Receipt:
        """Commit ``delivery``, then return (see ``Accepting``)."""
        size = len(delivery.raw)
        if len(self._waiting) >= _MOST_WAITING or (self._waiting and self._bytes + size > _MOST_WAITING_BYTES):
            raise Overloaded("too many deliveries wait to be committed")
        since = self._clock.monotonic()
        waiting = _Waiting(delivery, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._bytes += size
        self._some.set()
        try:
            receipt = await asyncio.wait_for(waiting.answer, _LONGEST_WAIT)
        except TimeoutError as error:
            raise DatabaseUnavailable("not committed in time") from error
        self._count(delivery, receipt, self._clock.monotonic() - since)
        return receipt

    async def run(self) -> None:
        """Write until cancelled; whoever still waits then is told that it was not committed."""
        try:
            while True:
                await self._some.wait()
                self._some.clear()
                while batch := self._take():
                    await self._answer(batch)
        finally:
            self._give_up()
            await self._held.close()

    def _take(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        size = 0
        while self._waiting and len(batch) < _LARGEST_BATCH:
            size += len(self._waiting[0].delivery.raw)
            if batch and size > _LARGEST_BATCH_BYTES:
                break
            taken = self._waiting.popleft()
            self._bytes -= len(taken.delivery.raw)
            if not taken.answer.done():
                batch.append(taken)
        return batch

    async def _answer(self, batch: Sequence[_Waiting]) -> None:
        try:
            results = await self._write_surely([waiting.delivery for waiting in batch])
        except asyncio.CancelledError:
            _tell(batch, [DatabaseUnavailable("the product is stopping")] * len(batch))
            raise
        except Exception:
            _tell(batch, [DatabaseUnavailable("not committed")] * len(batch))
            raise
        _tell(batch, results)

    async def _write_surely(self, deliveries: Sequence[Delivery]) -> Sequence[Result]:
        try:
            with suppress(DatabaseUnavailable):
                return await self._write(deliveries)
            return await self._write(deliveries)
        except DatabaseUnavailable as error:
            log.warning("not_committed", deliveries=len(deliveries), reason=str(error))
            return [error] * len(deliveries)
        except (asyncpg.PostgresError, ValueError) as error:
            if len(deliveries) > 1:  # one that PostgreSQL refuses must not take its neighbours along
                return [result for one in deliveries for result in await self._write_surely([one])]
            log.exception("delivery_refused_by_database", door=deliveries[0].door)
            return [error]

    async def _write(self, deliveries: Sequence[Delivery]) -> Sequence[Result]:
        first: dict[UUID, Delivery] = {}
        for one in deliveries:
            first.setdefault(one.id, one)
        fresh, seqs = await self._insert(list(first.values()))
        again = [one for one in deliveries if one.id not in fresh or first[one.id] is not one]
        kept = await self._find(again) if again else {}
        return [
            Receipt(one.id, fresh[one.id], repeated=False, chat_seq=seqs.get(one.id))
            if one.id in fresh and first[one.id] is one
            else _repeat(one, kept[one.id])
            for one in deliveries
        ]

    async def _insert(self, deliveries: Sequence[Delivery]) -> tuple[dict[UUID, int], dict[UUID, int]]:
        async with self._held.use() as connection:
            if not any(one.chat_session for one in deliveries):
                return await receipts.insert(connection, deliveries), {}
            async with connection.transaction():
                fresh = await receipts.insert(connection, deliveries)
                lines = {one.id: line for one in deliveries if one.id in fresh and (line := _line(one))}
                placed = await chat.place(connection, list(lines.values())) if lines else {}
            return fresh, {id_: placed[line.event_id] for id_, line in lines.items()}

    async def _find(self, deliveries: Sequence[Delivery]) -> dict[UUID, receipts.Kept]:
        async with self._held.use() as connection:
            return await receipts.find(connection, deliveries)

    def _count(self, delivery: Delivery, receipt: Receipt, seconds: float) -> None:
        channel = delivery.channel.value
        self._metrics.accept_seconds.labels(channel=channel).observe(seconds)
        if not receipt.repeated:
            self._metrics.accepted.labels(channel=channel).inc()

    def _give_up(self) -> None:
        left = list(self._waiting)
        self._waiting.clear()
        self._bytes = 0
        _tell(left, [DatabaseUnavailable("the product is stopping")] * len(left))


def _line(delivery: Delivery) -> chat.Line | None:
    if delivery.chat_session is None or delivery.draft is None:
        return None
    draft = delivery.draft
    return chat.Line(delivery.chat_session, str(delivery.id), "customer", draft.sender.name, draft.text)


def _repeat(delivery: Delivery, kept: receipts.Kept) -> Result:
    same_key = delivery.idempotency_key is not None and delivery.idempotency_key == kept.idempotency_key
    if same_key and delivery.body_hash != kept.body_hash:
        return Refused("idempotency-key-reused")
    return Receipt(kept.id, kept.seq, repeated=True, chat_seq=kept.chat_seq)


def _tell(batch: Sequence[_Waiting], results: Sequence[Result]) -> None:
    for waiting, result in zip(batch, results, strict=True):
        if waiting.answer.done():  # the sender has gone; a repeat finds the receipt
            continue
        if isinstance(result, Exception):
            waiting.answer.set_exception(result)
        else:
            waiting.answer.set_result(result)
