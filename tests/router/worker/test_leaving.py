"""A customer has left the chat: whoever works on it sees that, nothing is dropped, and they may come back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.router import showing
from shared.domain.ids import derived_id
from shared.domain.inquiry import Channel
from shared.events import CloudEvent, event_type

SESSION = "chat:00000000-0000-4000-8000-0000000000aa"


def chat(company: Any, text: str = "Where is my parcel?") -> Any:
    return company.inquiry(text, channel=Channel.CHAT, key=SESSION, references=(SESSION,), own_reference=None)


def ended(company: Any, session: str = SESSION, number: int = 1) -> CloudEvent:
    at = company.clock.now()
    data = {"session": session, "at": at.isoformat()}
    event_id = str(derived_id("left", session, str(number)))
    return CloudEvent(event_id, event_type("chat.ended"), "/ingest", session, session, at, data)


async def shown(company: Any, waiting: dict[str, Any]) -> Any:
    return await showing.whole(company.pool, UUID(waiting["conversation_id"]))


async def test_the_conversation_says_that_its_customer_has_left_and_their_work_stays(company: Any) -> None:
    waiting = (await company.receive(chat(company)))["inquiry.waiting"]
    before = await shown(company, waiting)
    await company.take(ended(company))
    after = await shown(company, waiting)
    assert (before.customer_left_at, after.customer_left_at) == (None, company.clock.now())
    assert after.version > before.version
    assert after.work_item.state == "waiting"
    fact = (await company.facts())[-1].fact
    assert (fact.type, fact.key) == ("customer.left", waiting["conversation_id"])
    assert fact.data["work_item_id"] == waiting["work_item_id"]


async def test_it_is_taken_once(company: Any) -> None:
    await company.receive(chat(company))
    await company.take(ended(company))
    facts = await company.facts()
    await company.take(ended(company))
    assert await company.facts() == facts


async def test_who_writes_again_is_back(company: Any) -> None:
    waiting = (await company.receive(chat(company)))["inquiry.waiting"]
    await company.take(ended(company))
    await company.receive(chat(company, "One more thing"))
    assert (await shown(company, waiting)).customer_left_at is None


async def test_in_one_batch_a_message_is_of_one_who_has_come_back(company: Any) -> None:
    waiting = (await company.receive(chat(company)))["inquiry.waiting"]
    await company.take(company.event(chat(company, "One more thing")), ended(company))
    assert (await shown(company, waiting)).customer_left_at is None


async def test_who_never_wrote_leaves_nothing(company: Any) -> None:
    before = await company.facts()
    await company.take(ended(company, "chat:nobody"))
    assert await company.facts() == before
