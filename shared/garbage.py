"""The garbage collector, told what a server knows: what is there once everything runs stays till the end."""

from __future__ import annotations

import gc

_FIRST, _SECOND, _THIRD = 5_000, 20, 20
"""Python's own 700, 10, 10 search a hundred thousand lasting objects several times a second under load: a fifth of
the pipeline's time at 350 inquiries a second. Cycles are rare here; they wait for some megabytes more."""


def settle() -> None:
    """Never search what exists now again, and what comes later less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_FIRST, _SECOND, _THIRD)
