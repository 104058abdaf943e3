"""A classified inquiry that the router fails at waits outside the log: positions go on, and it is taken in once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from services.router import service
from services.router.service import GROUP, RouterWorker
from shared.clock import SystemClock
from shared.eventlog.encoding import partition_of
from shared.eventlog.memory import MemoryLog
from shared.events import CLASSIFIED, CloudEvent
from shared.health import Health
from shared.parked_table import PostgresParking
from shared.quarantine import PostgresQuarantine
from shared.quarantine_desk import Fix, QuarantineDesk
from shared.telemetry import Metrics


class House:
    """The router's worker over a log in memory and the company's database."""

    def __init__(self, company: Any) -> None:
        self.company = company
        self.log = MemoryLog()
        self.quarantine = PostgresQuarantine(company.pool, metrics=Metrics())
        self.parking = PostgresParking(company.pool, metrics=Metrics())
        self.desk = QuarantineDesk(company.pool, log=self.log, quarantine=self.quarantine)

    def worker(self) -> RouterWorker:
        return RouterWorker(
            url=self.company.url,
            log=self.log,
            rulesets=self.company.rulesets,
            clock=SystemClock(),
            quarantine=self.quarantine,
            parking=self.parking,
            health=Health(),
            metrics=Metrics(),
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[RouterWorker]:
        worker = self.worker()
        task = asyncio.create_task(worker.run())
        try:
            yield worker
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def publish(self, *events: CloudEvent) -> None:
        await self.log.publish(CLASSIFIED, events)

    async def reached(self, part: int, position: int) -> None:
        async def is_there() -> bool:
            row = await self.company.pool.fetchval("SELECT pos FROM router.position WHERE part = $1", part)
            return bool(row == position)

        await until(is_there)

    async def taken(self) -> list[UUID]:
        rows = await self.company.pool.fetch("SELECT inquiry_id FROM router.message ORDER BY at, seq")
        return [row["inquiry_id"] for row in rows]

    async def make_due(self) -> None:
        await self.company.pool.execute("UPDATE log.parked SET due_at = now()")


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await condition():  # noqa: ASYNC110  # a table sets no event
            await asyncio.sleep(0.01)


@pytest.fixture
def house(company: Any) -> House:
    return House(company)


@asynccontextmanager
async def failing_at(monkeypatch: pytest.MonkeyPatch, inquiry: UUID) -> AsyncIterator[None]:
    """The router has a mistake that one inquiry brings out."""
    look = service.look

    async def mistaken(conn: Any, inquiries: list[Any], sessions: list[str]) -> Any:
        if any(one.id == inquiry for one in inquiries):
            raise ZeroDivisionError("a mistake")
        return await look(conn, inquiries, sessions)

    with monkeypatch.context() as patch:
        patch.setattr(service, "look", mistaken)
        yield


async def test_positions_go_on_past_what_is_parked_and_it_is_taken_in_order_later(
    house: House, company: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = partition_of("thread")
    neighbour = next(f"n{n}" for n in range(999) if partition_of(f"n{n}") == part)
    inquiries = [company.inquiry(key=key) for key in ("thread", neighbour, "thread", neighbour)]
    first, second, third, fourth = (inquiry.id for inquiry in inquiries)
    async with failing_at(monkeypatch, first), house.running():
        await house.publish(*(company.event(inquiry) for inquiry in inquiries))
        await house.reached(part, 4)
        assert await house.taken() == [second, fourth]
        assert [shown.subject for shown in await house.parking.list()] == [str(first), str(third)]
    async with house.running() as worker:
        await house.make_due()
        await worker.retries.turn()
        assert set(await house.taken()) == {first, second, third, fourth}
        facts = [row.fact.subject for row in await company.facts() if row.fact.type == "inquiry.received"]
        assert facts == [str(one) for one in (second, fourth, first, third)]
        assert await company.pool.fetchval("SELECT pos FROM router.position WHERE part = $1", part) == 4
    assert await house.parking.list() == []


async def test_until_all_of_a_batch_is_settled_its_position_stays_where_it_was(
    house: House, company: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = partition_of("thread")
    neighbour = next(f"n{n}" for n in range(999) if partition_of(f"n{n}") == part)
    inquiries = [company.inquiry(key="thread"), company.inquiry(key=neighbour)]
    parking = asyncio.Event()

    async def die(*_: object, **__: object) -> None:
        parking.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(house.parking, "park", die)
    monkeypatch.setattr("shared.worker._RETRY_SECONDS", 0.0)
    async with failing_at(monkeypatch, inquiries[0].id), house.running():
        await house.publish(*(company.event(inquiry) for inquiry in inquiries))
        await until(lambda: _is(parking))
    assert await house.taken() == [inquiries[1].id]
    assert await company.pool.fetchval("SELECT pos FROM router.position WHERE part = $1", part) == 0
    monkeypatch.undo()
    async with house.running():
        await house.reached(part, 2)
    assert set(await house.taken()) == {inquiry.id for inquiry in inquiries}


async def _is(event: asyncio.Event) -> bool:
    return event.is_set()


async def test_a_replay_of_what_was_taken_in_already_changes_nothing(house: House, company: Any) -> None:
    event = company.event(company.inquiry(key="thread"))
    part = partition_of("thread")
    async with house.running():
        await house.publish(event)
        await house.reached(part, 1)
        before = await company.facts()
        (record,) = house.log.broker.part(CLASSIFIED, part)
        await house.quarantine.put(GROUP, record, "by mistake")
        (kept,) = await house.desk.list()
        await house.desk.replay(kept.id)
        await house.reached(part, 2)
    assert await company.facts() == before
    assert len(await house.taken()) == 1
    assert await house.desk.list() == []


async def test_a_record_of_an_unknown_version_is_mended_and_replayed_and_taken_in(house: House, company: Any) -> None:
    event = company.event(company.inquiry(key="thread"))
    part = partition_of("thread")
    wrong = replace(event, type=event.type.replace(".v1", ".v9"))
    async with house.running():
        await house.publish(wrong)
        await house.reached(part, 1)
        (kept,) = await house.desk.list()
        assert (kept.stage, kept.tries) == (GROUP, 1)
        await house.desk.fix(kept.id, Fix(headers={"ce_type": event.type}), by="test")
        await house.desk.replay(kept.id)
        await house.reached(part, 2)
    assert await house.taken() == [UUID(event.subject)]
