"""From the log to an agent's hands and back to the log: worker, dispatcher, commands and outbox together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from services.router.commands.accept import Accept
from services.router.commands.complete import Complete
from services.router.commands.decline import Decline
from services.router.commands.presence import SetPresence
from services.router.dispatch.loop import Dispatcher
from services.router.facts import By
from services.router.outbox import Outbox
from services.router.service import RouterWorker
from shared.clock import SystemClock
from shared.database.wakeups import Wakeups
from shared.domain.work import Presence
from shared.eventlog.memory import MemoryLog
from shared.events import CLASSIFIED, ROUTING
from shared.health import Health
from shared.parking import MemoryParking
from shared.quarantine import MemoryQuarantine
from shared.telemetry import Metrics

BY = By("user:test", "key-1")


@asynccontextmanager
async def running(company: Any, log: MemoryLog) -> AsyncIterator[None]:
    clock, metrics, wakeups = SystemClock(), Metrics(), Wakeups(company.url)
    services = (
        wakeups,
        RouterWorker(
            url=company.url,
            log=log,
            rulesets=company.rulesets,
            clock=clock,
            quarantine=MemoryQuarantine(),
            parking=MemoryParking(clock),
            health=Health(),
            metrics=metrics,
        ),
        Dispatcher(database_url=company.url, wakeups=wakeups, clock=clock, metrics=metrics, rulesets=company.rulesets),
        Outbox(url=company.url, log=log, wakeups=wakeups, metrics=metrics),
    )
    tasks = [asyncio.create_task(service.run()) for service in services]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def offer_to(company: Any, agent: UUID) -> asyncpg.Record:
    """The agent's open offer, once there is one."""
    async with asyncio.timeout(5):
        while True:
            row = await company.pool.fetchrow(
                "SELECT * FROM router.offer WHERE agent_id = $1 AND state = 'open'", agent
            )
            if row is not None:
                return row
            await asyncio.sleep(0.01)


async def available(company: Any, name: str) -> UUID:
    agent = await company.agent(name)
    await company.commands.set_presence(SetPresence(agent, Presence.AVAILABLE, 36_000, BY))
    # The company's clock stands in the past, the dispatcher's does not.
    await company.pool.execute("UPDATE router.agent SET lease_until = now() + interval '1 hour'")
    return agent


async def test_an_inquiry_is_offered_declined_offered_to_another_and_completed(company: Any) -> None:
    log = MemoryLog()
    jana = await available(company, "jana")
    event = company.event(company.inquiry())
    async with running(company, log):
        await log.publish(CLASSIFIED, [event, event])
        first = await offer_to(company, jana)
        emma = await available(company, "emma")
        await company.commands.decline(Decline(first["id"], jana, "wrong_topic", None, None, BY))
        second = await offer_to(company, emma)
        await company.commands.accept(Accept(second["id"], emma, BY))
        await company.commands.complete(Complete(second["conversation_id"], emma, "Emma", "resolved", None, BY))
        last = (await company.facts())[-1].pos
        async with asyncio.timeout(5):
            while await company.pool.fetchval("SELECT pos FROM router.outbox_position") < last:  # noqa: ASYNC110  # the database wakes nobody
                await asyncio.sleep(0.01)
    assert second["work_item_id"] == first["work_item_id"]
    assert (await company.load(jana), await company.load(emma)) == (0, 0)
    records = await (await log.subscribe(ROUTING, str(uuid4()))).poll(limit=1000, wait=0)
    about = [r for r in records if r.headers["ce_subject"] == event.subject]
    names = [r.headers["ce_type"].removeprefix("inquiryrouter.").removesuffix(".v1") for r in about]
    assert names[0] == "inquiry.received"
    assert names.count("offer.made") == 2
    assert names[-1] == "assignment.ended"
    assert names.index("offer.declined") < names.index("offer.accepted")


async def test_leaving_sends_the_offer_to_somebody_else(company: Any) -> None:
    log = MemoryLog()
    jana = await available(company, "jana")
    async with running(company, log):
        await log.publish(CLASSIFIED, [company.event(company.inquiry())])
        await offer_to(company, jana)
        emma = await available(company, "emma")
        await company.commands.set_presence(SetPresence(jana, Presence.AWAY, 3600, BY))
        assert (await offer_to(company, emma))["queue"] == "billing"
    assert await company.load(jana) == 0
