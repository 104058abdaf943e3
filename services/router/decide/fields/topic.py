"""What the inquiry is about; ``under`` takes the children of a topic along."""

from __future__ import annotations

from services.router.decide.field import Field, FieldType

FIELD = Field(
    name="topic",
    type=FieldType.TOPIC,
    ops=("eq", "ne", "in", "under"),
    read=lambda facts, _: facts.topic,
)
