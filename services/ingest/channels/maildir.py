"""A folder of ``.eml`` files: from ``new/``, committed, then moved to ``cur/``. A file is never lost in between.

File name and bytes are the identity, so a crash between commit and move delivers the same mail again, to no effect.
What cannot be taken (a folder, a file too large, one without permission) stays where it is and is told once.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

import structlog

from services.ingest.channel import Door
from services.ingest.mail.limits import LARGEST_MAIL
from services.ingest.mail_delivery import mail
from services.ingest.opening import Opening
from services.ingest.world import World
from shared.domain.inquiry import Channel
from shared.errors import DatabaseUnavailable

_POLL_SECONDS = 0.25
_AT_ONCE = 20

log = structlog.get_logger(__name__)


def open_channel(world: World) -> Door:
    """The maildir door, if there is a folder."""
    folder = world.doors.mail_folder
    if folder is None:
        return Door("maildir")
    door = Maildir(world, folder)
    return Door("maildir", loops=[door], opened=door.opening.wait)


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    size: int
    changed: float


class Maildir:
    """Watches one folder."""

    name = "ingest.maildir"

    def __init__(self, world: World, folder: Path) -> None:
        self._world = world
        self._new = folder / "new"
        self._done = folder / "cur"
        self._seen: dict[Path, _File] = {}
        self._told: set[Path] = set()
        self.opening = Opening("MAIL_DIR")

    async def run(self) -> None:
        """Take files until cancelled.

        Raises:
            DatabaseUnavailable: the files wait where they are; run again.
        """
        try:
            for folder in (self._new, self._done):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self.opening.fail(error)
            raise
        self.opening.succeed()
        while True:
            found = await asyncio.to_thread(self._settled)
            await asyncio.gather(*(self._take(path) for path in found[:_AT_ONCE]))
            if len(found) <= _AT_ONCE:
                await asyncio.sleep(_POLL_SECONDS)

    def _settled(self) -> list[Path]:
        """Files that have not changed since the last look, so that none is read half written."""
        now = {entry.path: entry for entry in self._files() if entry.path not in self._told}
        settled = [path for path, entry in now.items() if self._seen.get(path) == entry]
        self._seen = now
        return sorted(settled)

    def _files(self) -> list[_File]:
        found = []
        with os.scandir(self._new) as entries:
            for entry in entries:
                if not entry.name.startswith(".") and entry.is_file(follow_symlinks=False):
                    stat = entry.stat(follow_symlinks=False)
                    found.append(_File(Path(entry.path), stat.st_size, stat.st_mtime))
        return found

    async def _take(self, path: Path) -> None:
        if self._seen[path].size > LARGEST_MAIL:
            self._leave(path, "too-large")
            return
        try:
            raw = await asyncio.to_thread(path.read_bytes)
            await self._world.accept.submit(mail(door="maildir", raw=raw, name=path.name))
            await asyncio.to_thread(self._move, path)
        except FileNotFoundError:  # another replica has it
            return
        except DatabaseUnavailable:
            raise
        except OSError as error:
            self._leave(path, f"file-{type(error).__name__}")

    def _move(self, path: Path) -> None:
        target = self._done / path.name
        path.rename(target)

    def _leave(self, path: Path, code: str) -> None:
        self._told.add(path)
        self._world.metrics.refused.labels(channel=Channel.EMAIL.value, code=code).inc()
        log.error("mail_file_left", code=code)
