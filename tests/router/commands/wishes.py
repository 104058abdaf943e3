"""What tests of commands say over and over: wishes, refusals, and the facts since."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from services.router.commands.complete import Complete
from services.router.commands.decline import Decline
from services.router.facts import By
from shared.errors import Refused

BY = By("user:test", "key-1")


def conversation(waiting: dict[str, Any]) -> UUID:
    return UUID(waiting["conversation_id"])


async def types_after(company: Any, before: int) -> list[str]:
    return [row.fact.type for row in await company.facts(before)]


async def position(company: Any) -> int:
    return (await company.facts())[-1].pos


async def refused(command: Any) -> str:
    with pytest.raises(Refused) as caught:
        await command
    return caught.value.code


def complete(waiting: dict[str, Any], agent: UUID) -> Complete:
    return Complete(conversation(waiting), agent, "Jana", "resolved", "all well", BY)


def decline(offer: UUID, agent: UUID) -> Decline:
    return Decline(offer, agent, "wrong_topic", None, "return", BY)
