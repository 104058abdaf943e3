"""The customer's address, number or handle."""

from __future__ import annotations

from services.router.decide.field import Field, FieldType

FIELD = Field(
    name="sender",
    type=FieldType.TEXT,
    ops=("eq", "ne", "in", "contains"),
    read=lambda facts, _: facts.sender,
)
