"""What the integrator sent along: ``attributes.<key>``."""

from __future__ import annotations

from services.router.decide.field import Field, FieldType

FIELD = Field(
    name="attributes.",
    type=FieldType.ANY,
    ops=("eq", "ne", "in", "ge", "le", "contains"),
    read=lambda facts, key: facts.attributes.get(key),
)
