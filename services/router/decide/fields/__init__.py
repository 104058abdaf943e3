"""The registry of fields: every module of this folder has a ``FIELD``; nothing imports them by name."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from services.router.decide.field import Field


@cache
def fields() -> Mapping[str, Field]:
    """All fields by name; the name of a family of fields ends in a dot (``attributes.``)."""
    names = (f"{__name__}.{module.name}" for module in pkgutil.iter_modules(__path__))
    found: list[Field] = [import_module(name).FIELD for name in names]
    return MappingProxyType({field.name: field for field in found})


def find_field(name: str) -> tuple[Field, str] | None:
    """The field called ``name`` and the part of the name that is the family's key, or nothing."""
    exact = fields().get(name)
    if exact is not None:
        return (exact, "") if not name.endswith(".") else None
    family, dot, key = name.partition(".")
    found = fields().get(family + dot)
    return (found, key) if found is not None and key else None
