"""The language it was written in."""

from __future__ import annotations

from services.router.decide.field import Field, FieldType
from shared.domain.classification import LANGUAGES

FIELD = Field(
    name="language",
    type=FieldType.CHOICE,
    ops=("eq", "ne", "in"),
    read=lambda facts, _: facts.language,
    values=LANGUAGES,
)
