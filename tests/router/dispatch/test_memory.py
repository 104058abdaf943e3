"""Memory folded is memory built anew; where it is wrong, or its term is over, the dispatcher writes nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.router.commands.accept import Accept, accept
from services.router.dispatch.lock import LeadershipLost
from services.router.dispatch.matching import propose
from services.router.facts import By
from shared.clock import ManualClock
from tests.router.dispatch.dispatching import Dispatching


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE router.agent SET presence = 'away'",
        "UPDATE router.agent SET load = 90",
        "UPDATE router.agent SET capacity = 10",
        "UPDATE router.work_item SET version = version + 1",
        "UPDATE router.work_item SET state = 'assigned'",
    ],
)
async def test_an_offer_that_memory_got_wrong_writes_nothing(dispatching: Dispatching, desk: Any, spoil: str) -> None:
    jana = await desk.agent("jana")
    await desk.item()
    memory = await dispatching.term.build()
    proposals = propose(memory, desk.clock.now())
    await desk.pool.execute(spoil)
    before = await desk.row("agent", jana), await desk.kinds()
    assert len(proposals) == 1
    assert await dispatching.journal.offer(proposals) == []
    assert (await desk.row("agent", jana), await desk.kinds()) == before
    assert await desk.pool.fetchval("SELECT count(*) FROM router.offer") == 0


async def test_memory_that_was_wrong_without_a_fact_is_built_anew(
    dispatching: Dispatching, desk: Any, clock: ManualClock
) -> None:
    jana = await desk.agent("jana")
    await dispatching.rest()
    await desk.pool.execute("UPDATE router.agent SET load = 100")
    item = await desk.item()
    await dispatching.rest()
    assert await desk.offers() == {}
    await desk.pool.execute("UPDATE router.agent SET load = 0")
    clock.advance(61)
    await dispatching.rest()
    assert await desk.offers() == {item: jana}


async def test_a_dispatcher_whose_term_is_over_writes_nothing_whatever_it_tries(
    dispatching: Dispatching, desk: Any, clock: ManualClock
) -> None:
    await desk.agent("jana", lease_until=clock.now() + timedelta(minutes=1))
    await desk.item("first")
    await dispatching.rest()
    await desk.item("second")
    await desk.agent("lukas")
    await desk.pool.execute("UPDATE router.term SET term = term + 1")
    before = await desk.kinds()
    clock.advance(3600)
    memory = await dispatching.term.build()
    writes = [
        dispatching.journal.offer(propose(memory, clock.now())),
        dispatching.journal.close(list(memory.expired(clock.now())), state="lapsed", reason="x", now=clock.now()),
        dispatching.journal.expire_presence(clock.now()),
        dispatching.term.step(memory),
    ]
    for write in writes:
        with pytest.raises(LeadershipLost):
            await write
    assert await desk.kinds() == before


async def test_memory_folded_is_memory_built_anew(dispatching: Dispatching, desk: Any, clock: ManualClock) -> None:
    for name in ("a", "b", "c"):
        await desk.agent(name)
    for number in range(5):
        await desk.item(f"mail-{number}")
    await dispatching.rest()
    jana = (await desk.pool.fetchval("SELECT agent_id FROM router.offer ORDER BY id LIMIT 1"), By("test"))
    offer = await desk.pool.fetchval("SELECT id FROM router.offer ORDER BY id LIMIT 1")
    async with desk.pool.acquire() as connection, connection.transaction():
        await accept(connection, [Accept(offer, *jana)], clock.now())
    clock.advance(31)
    await dispatching.rest()
    anew = await dispatching.term.build()
    folded = dispatching.memory
    assert folded.position == anew.position
    assert {a.id: (a.load, a.presence, a.holdings) for a in folded.agents.values()} == {
        a.id: (a.load, a.presence, a.holdings) for a in anew.agents.values()
    }
    assert folded.offers == anew.offers
    assert {e.item.id: (e.state, e.item.version, e.item.requires) for e in folded.entries.values()} == {
        e.item.id: (e.state, e.item.version, e.item.requires) for e in anew.entries.values()
    }
