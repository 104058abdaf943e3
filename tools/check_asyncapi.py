"""Validates AsyncAPI documents with the parser of the AsyncAPI project, pinned in ``tools/asyncapi``.

python tools/check_asyncapi.py FILE…    exit 0 if all are sound, else 1 with every fault on a line
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from build_console import CannotBuildError, node_folder, npm

PROJECT = Path(__file__).resolve().parent / "asyncapi"
INSTALLED = PROJECT / "node_modules" / ".lock-hash"


def install(folder: Path) -> None:
    """Bring ``node_modules`` to what the lock file says; nothing to do while that has not changed."""
    wanted = hashlib.sha256((PROJECT / "package-lock.json").read_bytes()).hexdigest()
    if not INSTALLED.is_file() or INSTALLED.read_text() != wanted:
        npm("--prefix", str(PROJECT), "ci", folder=folder)
        INSTALLED.write_text(wanted)


def is_sound(document: Path, folder: Path) -> bool:
    """Whether the parser finds no fault; it names what it finds."""
    with document.open("rb") as opened:
        done = subprocess.run([folder / "node", PROJECT / "check.mjs"], stdin=opened, check=False)
    return done.returncode == 0


def main(documents: list[str]) -> int:
    """The command line."""
    try:
        folder = node_folder()
        install(folder)
        return 0 if all(is_sound(Path(document), folder) for document in documents) else 1
    except CannotBuildError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
