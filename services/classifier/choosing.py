"""Which bundle serves: the installation's own, else the one that set-up trained beside the code, else a new one."""

from __future__ import annotations

from pathlib import Path

from services.classifier.commands import CURRENT, ensure_bundle, why_not
from services.classifier.progress import Progress, silent

SHIPPED = Path(__file__).parent / "model"
"""Made by set-up and put into wheel and image; never in the repository."""


def choose_bundle(models_dir: Path, progress: Progress = silent) -> Path:
    """The folder of a sound bundle of today's corpus; one is trained into ``models_dir`` only if there is none."""
    for folder in (models_dir / CURRENT, SHIPPED / CURRENT):
        if why_not(folder) is None:
            return folder
    return ensure_bundle(models_dir, progress)
