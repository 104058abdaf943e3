"""Every fact that the router writes is of a kind that is described, with no field more and none less."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any
from uuid import UUID

from services.router.commands.accept import Accept
from services.router.commands.complete import Complete
from services.router.commands.decline import Decline
from services.router.commands.presence import SetPresence
from services.router.facts import By
from services.router.outbox import as_cloud_event
from shared.catalogue import CATALOGUE
from shared.domain.inquiry import Automatic, Channel
from shared.domain.work import Presence
from shared.eventlog.memory import MemoryLog
from shared.events import CLASSIFIED, ROUTING, CloudEvent, body
from tests.golden.test_golden import names
from tests.router.worker.test_end_to_end import available, offer_to, running

KINDS = {kind.name: kind for kind in CATALOGUE if kind.stream == ROUTING}
ROUTER = Path(__file__).parents[3] / "services" / "router"


def fault(event: CloudEvent) -> str | None:
    """What does not fit, if anything."""
    kind = KINDS[event.type.removeprefix("inquiryrouter.").removesuffix(".v1")]
    found = body(event, kind.body, kind.name).model_dump(mode="json", by_alias=True, exclude_unset=True)
    told = dict(event.data)
    return None if names(found) == names(told) else f"{kind.name}: {sorted(found)} and {sorted(told)}"


async def dispatched(company: Any) -> set[str]:
    """The kinds of facts that the dispatcher has written."""
    return {row.fact.type for row in await company.facts() if row.fact.actor == "dispatcher"}


def test_every_kind_that_the_source_names_is_described() -> None:
    source = "\n".join(file.read_text("utf-8") for file in ROUTER.rglob("*.py"))
    named = re.findall(r'(?:_fact|Fact)\(\s*f?"([a-z.{}_]+)"|type="([a-z.]+)"', source)
    plain = {name for names_ in named for name in names_ if name and "{" not in name}
    assert {"offer.made", "ruleset.published"} <= plain
    assert plain <= KINDS.keys()


async def test_facts_of_a_whole_story_fit_their_descriptions(company: Any) -> None:
    by = By("user:test", "key-1")
    jana, emma = await company.agent("jana"), await company.agent("emma")
    taken = await company.receive(company.inquiry(channel=Channel.CHAT))
    work = taken["inquiry.waiting"]["work_item_id"]
    await company.receive(company.inquiry(automatic=Automatic.BOUNCE))
    first = await company.offer(work, jana)
    await company.commands.decline(Decline(first, jana, "wrong_topic", None, None, by))
    second = await company.offer(work, emma)
    await company.commands.accept(Accept(second, emma, by))
    conversation = UUID(taken["inquiry.waiting"]["conversation_id"])
    await company.commands.complete(Complete(conversation, emma, "Emma", "resolved", None, by))
    await company.commands.set_presence(SetPresence(jana, Presence.AWAY, 3_600, by))
    # The hand of the fixture writes "offer.made" in short.
    events = [as_cloud_event(row) for row in await company.facts() if row.fact.type != "offer.made"]
    assert {event.type.removeprefix("inquiryrouter.").removesuffix(".v1") for event in events} >= {
        "ruleset.published", "inquiry.received", "inquiry.classified", "inquiry.waiting", "inquiry.closed",
        "message.added", "offer.declined", "offer.accepted", "assignment.started", "assignment.ended",
        "presence.changed",
    }  # fmt: skip
    assert [found for event in events if (found := fault(event))] == []


async def test_facts_of_the_dispatcher_fit_their_descriptions(company: Any) -> None:
    log = MemoryLog()
    jana = await available(company, "jana")
    async with running(company, log):
        await log.publish(CLASSIFIED, [company.event(company.inquiry())])
        await offer_to(company, jana)
        await company.commands.set_presence(SetPresence(jana, Presence.AWAY, 3_600, By("user:test", "key-2")))
        async with asyncio.timeout(5):
            while "inquiry.waiting" not in await dispatched(company):  # noqa: ASYNC110  # the database wakes nobody
                await asyncio.sleep(0.01)
    written = [row for row in await company.facts() if row.fact.actor == "dispatcher"]
    assert {row.fact.type for row in written} >= {"offer.made", "inquiry.waiting"}
    assert [found for row in written if (found := fault(as_cloud_event(row)))] == []
