"""How sure the classifier is of the topic, 0 to 1."""

from __future__ import annotations

from services.router.decide.field import Field, FieldType

FIELD = Field(
    name="confidence",
    type=FieldType.NUMBER,
    ops=("ge", "le"),
    read=lambda facts, _: facts.confidence,
    low=0,
    high=1,
)
