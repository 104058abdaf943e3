"""One mail in work at a time, also when a supervisor is faster than the dispatcher's write."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from services.router.commands.assign import Assign, assign
from services.router.dispatch.matching import Proposal, propose
from services.router.facts import By
from shared.database.connection import Held
from tests.router.dispatch.desk import Desk
from tests.router.dispatch.dispatching import Dispatching

BY = By("test")


async def proposed(dispatching: Dispatching, desk: Desk, channel: str) -> list[Proposal]:
    """What the dispatcher means to offer, not written yet."""
    await desk.item("decided", channel=channel)
    proposals = propose(await dispatching.term.build(), desk.clock.now())
    assert len(proposals) == 1
    return proposals


async def assigned(desk: Desk, item: str, agent: str) -> None:
    async with desk.pool.acquire() as connection, connection.transaction():
        await assign(connection, Assign(UUID(item), UUID(agent), BY), desk.clock.now())


@pytest.mark.parametrize(("held", "decided", "made"), [("email", "api", 0), ("chat", "email", 1), ("email", "chat", 1)])
async def test_a_mail_assigned_between_decision_and_write_takes_the_attention_and_leaves_room_for_chats(
    dispatching: Dispatching, desk: Desk, held: str, decided: str, made: int
) -> None:
    jana = await desk.agent("jana")
    proposals = await proposed(dispatching, desk, decided)
    await assigned(desk, await desk.item("held", channel=held), jana)
    assert len(await dispatching.journal.offer(proposals)) == made
    assert len(await desk.offers()) == made


async def test_a_mail_that_is_on_offer_takes_the_attention_too(dispatching: Dispatching, desk: Desk) -> None:
    jana = await desk.agent("jana")
    first = await proposed(dispatching, desk, "email")
    assert len(await dispatching.journal.offer(first)) == 1
    second = await desk.item("second")
    wish = first[0]
    again = Proposal(second, 1, jana, 15, second, second, wish.made_at + timedelta(seconds=1), wish.record)
    assert await dispatching.journal.offer([again]) == []


async def test_the_write_that_waited_for_the_supervisor_sees_what_was_assigned(
    dispatching: Dispatching, desk: Desk, database_url: str
) -> None:
    jana = await desk.agent("jana")
    proposals = await proposed(dispatching, desk, "email")
    held = await desk.item("held")
    supervisor = Held(database_url, name="supervisor")
    async with supervisor.use() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await assign(connection, Assign(UUID(held), UUID(jana), BY), desk.clock.now())
        writing = asyncio.create_task(dispatching.journal.offer(proposals))
        await _waits_for_a_lock(desk)
        await transaction.commit()
        assert await writing == []
    await supervisor.close()
    await dispatching.rest()
    assert await desk.offers() == {}


async def _waits_for_a_lock(desk: Desk) -> None:
    async with asyncio.timeout(10):
        while not await desk.pool.fetchval(  # noqa: ASYNC110  # a lock wakes nobody of ours
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ):
            await asyncio.sleep(0.01)
