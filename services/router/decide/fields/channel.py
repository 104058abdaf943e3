"""How the customer wrote."""

from __future__ import annotations

from services.router.decide.field import Field, FieldType
from shared.domain.inquiry import Channel

FIELD = Field(
    name="channel",
    type=FieldType.CHOICE,
    ops=("eq", "ne", "in"),
    read=lambda facts, _: facts.channel,
    values=tuple(channel.value for channel in Channel),
)
