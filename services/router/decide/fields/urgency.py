"""The harm that delay does: 1 can wait, 4 is critical."""

from __future__ import annotations

from services.router.decide.field import Field, FieldType

FIELD = Field(
    name="urgency",
    type=FieldType.NUMBER,
    ops=("eq", "ne", "in", "ge", "le"),
    read=lambda facts, _: facts.urgency,
    low=1,
    high=4,
)
