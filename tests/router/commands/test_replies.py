"""Replies: an answer in a chat is on its way to the customer, and who is refused."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from services.router.commands.accept import Accept
from services.router.commands.reply import Reply
from shared.domain.inquiry import Channel, Sender
from tests.router.commands.wishes import BY, complete, conversation, refused


async def chat(company: Any, agent: UUID) -> dict[str, Any]:
    inquiry = company.inquiry(channel=Channel.CHAT, key="chat:s1", references=("chat:s1",), sender=Sender(name="Olle"))
    waiting = (await company.receive(inquiry))["inquiry.waiting"]
    offer = await company.offer(waiting["work_item_id"], agent)
    await company.commands.accept(Accept(offer, agent, BY))
    return waiting


async def test_an_answer_in_a_chat_is_kept_and_on_its_way(company: Any, jana: UUID) -> None:
    waiting = await chat(company, jana)
    message = await company.commands.reply(Reply(uuid4(), conversation(waiting), jana, "Jana", "Hej", BY))
    row = await company.pool.fetchrow("SELECT key, data FROM router.reply_outbox")
    assert row["key"] == "chat:s1"
    assert (row["data"]["session"], row["data"]["text"], row["data"]["ended"]) == ("chat:s1", "Hej", False)
    data = (await company.facts())[-1].fact.data
    assert (data["message_id"], data["from"], data["seq"]) == (str(message.id), "agent", message.seq)
    assert (await company.item(waiting["work_item_id"]))["first_response_at"] is not None


async def test_completing_a_chat_tells_the_customers_side(company: Any, jana: UUID) -> None:
    waiting = await chat(company, jana)
    await company.commands.complete(complete(waiting, jana))
    data = await company.pool.fetchval("SELECT data FROM router.reply_outbox")
    assert (data["ended"], data["text"]) == (True, "")


async def test_mail_cannot_be_answered_yet_and_only_the_holder_answers(
    company: Any, jana: UUID, offer: UUID, waiting: dict[str, Any]
) -> None:
    wish = Reply(uuid4(), conversation(waiting), jana, "Jana", "Hello", BY)
    assert await refused(company.commands.reply(wish)) == "not-mine"
    await company.commands.accept(Accept(offer, jana, BY))
    assert await refused(company.commands.reply(wish)) == "channel-cannot-send"
