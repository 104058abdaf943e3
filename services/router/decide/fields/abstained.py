"""Whether the classifier would rather not name the topic."""

from __future__ import annotations

from services.router.decide.field import Field, FieldType

FIELD = Field(
    name="abstained",
    type=FieldType.FLAG,
    ops=("eq", "ne"),
    read=lambda facts, _: facts.abstained,
)
