"""The subject line."""

from __future__ import annotations

from services.router.decide.field import Field, FieldType

FIELD = Field(
    name="subject",
    type=FieldType.TEXT,
    ops=("eq", "ne", "in", "contains"),
    read=lambda facts, _: facts.subject,
)
