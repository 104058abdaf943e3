"""Taking and finishing are one statement each: everything that belongs to it changes, once, or nothing does."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.router.commands.accept import Accept
from services.router.store import turns
from shared.domain.ids import derived_id
from tests.router.commands.wishes import BY, complete, refused


async def test_an_offer_of_an_item_that_is_not_on_offer_is_not_taken(company: Any, jana: UUID, offer: UUID) -> None:
    await company.pool.execute("UPDATE router.work_item SET state = 'waiting'")
    assert await refused(company.commands.accept(Accept(offer, jana, BY))) == "conflict"
    assert await company.pool.fetchval("SELECT state FROM router.offer") == "open"
    assert await company.pool.fetchval("SELECT count(*) FROM router.assignment") == 0


async def test_what_is_taken_is_taken_once(company: Any, jana: UUID, offer: UUID) -> None:
    wish = (offer, derived_id("assignment", str(offer)))
    async with company.pool.acquire() as conn:
        first = await turns.take(conn, [wish], company.clock.now())
        again = await turns.take(conn, [wish], company.clock.now())
    item = await company.pool.fetchrow("SELECT state, version, waiting_reason, next_check_at FROM router.work_item")
    assert (first[offer].version, again) == (item["version"], {})
    assert (item["state"], item["waiting_reason"], item["next_check_at"]) == ("assigned", None, None)
    ended = await company.pool.fetchrow("SELECT state, ended_at FROM router.offer")
    begun = await company.pool.fetchrow("SELECT id, agent_id, weight, since FROM router.assignment")
    assert (ended["state"], ended["ended_at"]) == ("accepted", company.clock.now())
    assert (begun["id"], begun["agent_id"], begun["since"]) == (wish[1], jana, company.clock.now())


async def test_what_is_finished_is_finished_once(
    company: Any, jana: UUID, offer: UUID, waiting: dict[str, Any]
) -> None:
    accepted = await company.commands.accept(Accept(offer, jana, BY))
    await company.commands.complete(complete(waiting, jana))
    item = await company.pool.fetchrow("SELECT state, outcome, note, completed_at, version FROM router.work_item")
    assert tuple(item)[:4] == ("completed", "resolved", "all well", company.clock.now())
    ended = await company.pool.fetchrow("SELECT ended_at, end_reason, ended_by FROM router.assignment")
    assert tuple(ended) == (company.clock.now(), "completed", BY.cause)
    async with company.pool.acquire() as conn:
        again = await turns.finish(conn, [(accepted.assignment.id, "spam", None, "later")], company.clock.now())
    assert again == {}
    assert await company.load(jana) == 0
    assert await company.pool.fetchval("SELECT version FROM router.work_item") == item["version"]
