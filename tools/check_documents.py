"""Validates what others read: AsyncAPI by its project's own parser, Compose by its specification's schema.

python tools/check_documents.py    exit 0 if both are sound, else 1 with every fault on a line
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from build_console import CannotBuildError, node_folder, npm

ROOT = Path(__file__).resolve().parents[1]
PROJECT = ROOT / "tools" / "documents"
INSTALLED = PROJECT / "node_modules" / ".lock-hash"
DOCUMENTS = {"asyncapi.mjs": ROOT / "docs" / "asyncapi.yaml", "compose.mjs": ROOT / "docker-compose.yml"}


def install(folder: Path) -> None:
    """Bring ``node_modules`` to what the lock file says; nothing to do while that has not changed."""
    wanted = hashlib.sha256((PROJECT / "package-lock.json").read_bytes()).hexdigest()
    if not INSTALLED.is_file() or INSTALLED.read_text() != wanted:
        npm("--prefix", str(PROJECT), "ci", folder=folder)
        INSTALLED.write_text(wanted)


def is_sound(check: str, document: Path, folder: Path) -> bool:
    """Whether ``check`` finds no fault; it names what it finds."""
    with document.open("rb") as opened:
        done = subprocess.run([folder / "node", PROJECT / check], stdin=opened, check=False)
    return done.returncode == 0


def main() -> int:
    """The command line."""
    try:
        folder = node_folder()
        install(folder)
        sound = [is_sound(check, document, folder) for check, document in DOCUMENTS.items()]
        return 0 if all(sound) else 1
    except CannotBuildError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
