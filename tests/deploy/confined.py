"""A process with what compose leaves a container: a read-only root, nobody's rights, no capability, no way to more."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from shlex import quote

from tests.deploy.files import ROOT

NOBODY = 65_534
_DROP = f"setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all"


def confined(command: Sequence[str], *, writable: Path, memory: str) -> list[str]:
    """``command``, as nobody in a read-only mount where ``writable`` and temporary ``memory`` can be written."""
    os.chown(writable, NOBODY, NOBODY)
    steps = [
        *_open_up([ROOT, Path(sys.executable).resolve().parents[1]]),
        f"mount --bind {quote(str(writable))} {quote(str(writable))}",
        # It stands for the container's /tmp, below which a test's own folders are.
        f"mount -t tmpfs -o size={memory},mode=1777 tmpfs /var/tmp",
        "mount -o remount,bind,ro /",
        f'exec {_DROP} -- "$@"',
    ]
    return ["unshare", "--mount", "sh", "-c", " && ".join(steps), "sh", *command]


def can_confine(*, folder: Path) -> bool:
    """Whether this machine lets us, and a confined process can start another Python, as the parser of mail is."""
    if os.geteuid() != 0 or not all(shutil.which(tool) for tool in ("unshare", "setpriv")):
        return False
    trial = confined(["sh", "-c", '"$0" -c pass', sys.executable], writable=folder, memory="1m")
    return subprocess.run(trial, capture_output=True, check=False).returncode == 0


def _open_up(needed: Sequence[Path]) -> Iterator[str]:
    """Steps that let nobody reach ``needed`` below folders that are root's alone, within the mount only."""
    hidden = {path: closed for path in needed if (closed := _closed(path)) is not None}
    yield "mount -t tmpfs -o mode=755 tmpfs /mnt"
    for number, path in enumerate(hidden):
        yield f"mkdir /mnt/{number} && mount --bind {quote(str(path))} /mnt/{number}"
    for closed in sorted(set(hidden.values())):
        yield f"mount -t tmpfs -o mode=755 tmpfs {quote(str(closed))}"
    for number, path in enumerate(hidden):
        place = quote(str(path))
        yield f"mkdir -p {place} && mount --bind /mnt/{number} {place} && mount -o remount,bind,ro {place}"


def _closed(path: Path) -> Path | None:
    """The first folder on the way that nobody may not walk."""
    folders = [*reversed(path.parents), path]
    return next((folder for folder in folders if not folder.stat().st_mode & stat.S_IXOTH), None)
