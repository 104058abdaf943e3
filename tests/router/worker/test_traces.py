"""Every fact about an inquiry goes to the log with its trace: the sender's, else the one that is its id."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from services.router.outbox import as_cloud_event
from services.router.store.events import read, read_traced
from shared.tracing import TRACEPARENT, of_inquiry

NAMED = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


async def told(company: Any) -> list[tuple[str, str | None]]:
    """The facts with their traces."""
    rows = await read_traced(company.pool, 0, limit=100)
    assert [row.pos for row in rows] == [row.pos for row in await read(company.pool, 0)]
    told = [(row.fact.subject, as_cloud_event(row).extensions.get(TRACEPARENT)) for row in rows]
    return [
        (subject, trace) for (subject, trace), row in zip(told, rows, strict=True) if row.fact.type != "message.added"
    ]


async def test_a_senders_trace_is_on_every_fact_about_its_inquiry_and_on_no_other(company: Any) -> None:
    traced, plain = company.event(company.inquiry()), company.event(company.inquiry())
    await company.take(replace(traced, extensions={TRACEPARENT: NAMED}), plain)
    found = await told(company)
    assert {trace for subject, trace in found if subject == traced.subject} == {NAMED}
    assert {trace for subject, trace in found if subject == plain.subject} == {of_inquiry(plain.subject)}
    await company.take(replace(traced, extensions={TRACEPARENT: NAMED.replace("4", "5")}), pos=2)
    assert await told(company) == found


async def test_an_offer_made_much_later_carries_it_too(company: Any) -> None:
    event = replace(company.event(company.inquiry()), extensions={TRACEPARENT: NAMED})
    await company.take(event)
    item = await company.pool.fetchval("SELECT id FROM router.work_item")
    await company.offer(item, await company.agent("jana"))
    assert (await told(company))[-1] == (event.subject, NAMED)


async def test_nothing_is_kept_where_the_sender_named_none(company: Any) -> None:
    event = company.event(company.inquiry())
    await company.take(replace(event, extensions={TRACEPARENT: of_inquiry(event.subject)}))
    assert await company.pool.fetchval("SELECT count(*) FROM router.trace") == 0


async def test_a_fact_about_an_agent_has_no_trace(company: Any) -> None:
    from services.router.commands.presence import SetPresence
    from services.router.facts import By
    from shared.domain.work import Presence

    agent = await company.agent("jana")
    await company.commands.set_presence(SetPresence(agent, Presence.AWAY, 3600, By("user:test", "key-2")))
    assert (await told(company))[-1] == (str(agent), None)
