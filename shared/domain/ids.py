"""Identities that follow from their source, so that doing a thing twice is doing it once."""

from __future__ import annotations

from functools import lru_cache
from uuid import UUID, uuid5

_REMEMBERED = 10_000
"""An inquiry's ids are asked for a dozen times within a second."""
_NAMESPACE = UUID("6f1d0a52-8c55-5f0e-9f0a-3f4b7d1e2c11")


@lru_cache(_REMEMBERED)
def derived_id(*parts: str) -> UUID:
    """The UUID that belongs to ``parts``; equal parts give equal ids on every machine and in every run."""
    return uuid5(_NAMESPACE, "\x1f".join(parts))


def inquiry_id(caller: str, channel: str, native_id: str) -> UUID:
    """The inquiry that one delivery becomes, however often it is delivered."""
    return derived_id("inquiry", caller, channel, native_id)
