"""What a rule's condition may look at: one ``Field`` in each file of ``fields/``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from services.router.decide.facts import Facts


class FieldType(StrEnum):
    """Decides which values a condition may compare with, and the widget of a form."""

    CHOICE = "choice"
    TOPIC = "topic"
    NUMBER = "number"
    FLAG = "flag"
    TEXT = "text"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to look at. ``read`` gets the facts and, for a name that ends in a dot, the rest of the name.

    ``values`` are the values a choice may take; ``low`` and ``high`` bound a number.
    """

    name: str
    type: FieldType
    ops: tuple[str, ...]
    read: Callable[[Facts, str], Any]
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None

    @property
    def label_key(self) -> str:
        """Where the catalogue of the console keeps this field's name."""
        return f"field.{self.name.rstrip('.')}"
