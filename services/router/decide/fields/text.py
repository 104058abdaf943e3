"""The customer's words."""

from __future__ import annotations

from services.router.decide.field import Field, FieldType

FIELD = Field(
    name="text",
    type=FieldType.TEXT,
    ops=("eq", "ne", "in", "contains"),
    read=lambda facts, _: facts.text,
)
