"""Which bundle serves: the installation's own, else the one that set-up trained beside the code, else a new one."""

from __future__ import annotations

from pathlib import Path

from services.classifier.commands import CURRENT, ensure_bundle, is_usable
from services.classifier.progress import Progress, silent

SHIPPED = Path(__file__).parent / "model"
"""Made by set-up and put into wheel and image; never in the repository."""


def choose_bundle(models_dir: Path, progress: Progress = silent) -> Path:
    """The folder of a sound bundle of today's corpus.

    An own bundle that is damaged or stale is told and made anew in its place; without one the shipped bundle serves,
    and only without both is one trained into ``models_dir``.
    """
    own, shipped = models_dir / CURRENT, SHIPPED / CURRENT
    if own.exists() or not is_usable(shipped):
        return ensure_bundle(models_dir, progress)
    return shipped
