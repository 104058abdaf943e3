"""Agents: what a change of presence, load or skills does to them and their offers, and who is refused."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from services.router.commands.accept import Accept
from services.router.commands.presence import SetPresence
from shared.domain.work import Presence
from tests.router.commands.wishes import BY, position, refused, types_after


@pytest.mark.parametrize("state", [Presence.BUSY, Presence.AWAY, Presence.OFFLINE])
async def test_leaving_withdraws_open_offers_at_once(company: Any, jana: UUID, offer: UUID, state: Presence) -> None:
    before = await position(company)
    agent = await company.commands.set_presence(SetPresence(jana, state, 3600, BY))
    assert (agent.presence, agent.presence_source, agent.load) == (state.value, "lease", 0)
    assert await types_after(company, before) == ["offer.withdrawn", "inquiry.waiting", "presence.changed"]
    assert await refused(company.commands.accept(Accept(offer, jana, BY))) == "offer-withdrawn"


async def test_presence_without_a_lease_stands_with_the_stream(company: Any, jana: UUID) -> None:
    agent = await company.commands.set_presence(SetPresence(jana, Presence.AVAILABLE, None, BY))
    assert (agent.presence_source, agent.lease_until) == ("stream", None)
    assert agent.stream_seen_at == company.clock.now()


async def test_each_change_of_an_agent_raises_its_version_but_load_leaves_the_edition(
    company: Any, jana: UUID, waiting: dict[str, Any]
) -> None:
    before = await company.pool.fetchrow("SELECT version, edition FROM router.agent")
    await company.offer(waiting["work_item_id"], jana)
    after = await company.pool.fetchrow("SELECT version, edition FROM router.agent")
    assert after["version"] > before["version"]
    assert after["edition"] == before["edition"]


async def test_an_edit_on_an_old_edition_is_refused(company: Any, jana: UUID) -> None:
    edit = {"skills": {"language.en": 1}, "capacity": 50, "by": BY}
    changed = await company.commands.edit_agent(jana, edition=1, **edit)
    assert (changed.edition, changed.capacity) == (2, 50)
    assert (await company.facts())[-1].fact.type == "agent.changed"
    assert await refused(company.commands.edit_agent(jana, edition=1, **edit)) == "version-mismatch"
    assert await refused(company.commands.edit_agent(uuid4(), edition=1, **edit)) == "not-found"
