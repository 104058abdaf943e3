"""The tally after every kind of fact is what the tables would have said."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from services.router.commands.accept import Accept
from services.router.commands.assign import Assign
from services.router.commands.complete import Complete
from services.router.commands.decline import Decline
from services.router.commands.presence import SetPresence
from services.router.commands.requeue import Requeue
from services.router.facts import By
from services.router.live.tally import Tally
from services.router.store import agents, board, events
from shared.domain.work import Presence

BY = By("user:test", "key-1")
ROOM_FOR_ONE = 15


@pytest.fixture
async def narrow(company: Any) -> UUID:
    """An agent with room for a single mail."""
    return await company.agent("narrow", capacity=ROOM_FOR_ONE)


class Watched:
    """A tally that began with an empty company and has folded everything since."""

    def __init__(self, company: Any, tally: Tally, position: int) -> None:
        self._company = company
        self._tally = tally
        self._position = position

    async def free_and_waiting(self) -> tuple[int, int]:
        """As folded, which must be as built anew from the tables."""
        _, ruleset = await self._company.rulesets.live()
        for row in await events.read(self._company.pool, self._position):
            self._tally.fold(row.fact)
            self._position = row.pos
        folded = self._tally.queues(ruleset)
        pool = self._company.pool
        assert folded == Tally(await board.waiting(pool), await agents.everyone(pool)).queues(ruleset)
        return folded["billing"]["free_agents"], folded["billing"]["waiting"]


@pytest.fixture
async def watched(company: Any, narrow: UUID) -> Watched:
    tally = Tally(await board.waiting(company.pool), await agents.everyone(company.pool))
    return Watched(company, tally, await events.head(company.pool))


async def test_an_agent_is_free_again_when_what_was_held_is_over(
    company: Any, offer: Any, narrow: UUID, watched: Watched
) -> None:
    first = (await company.receive(company.inquiry()))["inquiry.waiting"]
    second = (await company.receive(company.inquiry()))["inquiry.waiting"]
    assert await watched.free_and_waiting() == (1, 2)
    made = await offer(first, narrow)
    assert await watched.free_and_waiting() == (0, 1)
    await company.commands.decline(Decline(made, narrow, "other", None, None, BY))
    assert await watched.free_and_waiting() == (1, 2)
    made = await offer(second, narrow)
    await company.commands.accept(Accept(made, narrow, BY))
    assert await watched.free_and_waiting() == (0, 1)
    done = Complete(UUID(second["conversation_id"]), narrow, "Narrow", "resolved", None, BY)
    await company.commands.complete(done)
    assert await watched.free_and_waiting() == (1, 1)


async def test_assigning_and_requeueing_move_the_load_and_the_item(
    company: Any, offer: Any, narrow: UUID, watched: Watched
) -> None:
    emma = await company.agent("emma", capacity=ROOM_FOR_ONE)
    await company.commands.set_presence(SetPresence(emma, Presence.AVAILABLE, 600, BY))
    waiting = (await company.receive(company.inquiry()))["inquiry.waiting"]
    await offer(waiting, narrow)
    await company.commands.assign(Assign(UUID(waiting["conversation_id"]), emma, BY))
    assert await watched.free_and_waiting() == (1, 0)
    version, ruleset = await company.rulesets.live()
    await company.commands.requeue(Requeue(UUID(waiting["conversation_id"]), "general", ruleset, version, BY))
    assert await watched.free_and_waiting() == (2, 0)


async def test_who_leaves_is_not_free_and_gives_back_what_was_on_offer(
    company: Any, offer: Any, narrow: UUID, watched: Watched
) -> None:
    waiting = (await company.receive(company.inquiry()))["inquiry.waiting"]
    await offer(waiting, narrow)
    await company.commands.set_presence(SetPresence(narrow, Presence.AWAY, 600, BY))
    assert await watched.free_and_waiting() == (0, 1)
    await company.commands.set_presence(SetPresence(narrow, Presence.AVAILABLE, 600, BY))
    assert await watched.free_and_waiting() == (1, 1)


async def test_the_oldest_is_the_oldest_of_those_that_still_wait(
    company: Any, offer: Any, narrow: UUID, watched: Watched
) -> None:
    first = (await company.receive(company.inquiry()))["inquiry.waiting"]
    company.clock.advance(60)
    await company.receive(company.inquiry())
    assert await watched.free_and_waiting() == (1, 2)
    await offer(first, narrow)
    assert await watched.free_and_waiting() == (0, 1)
