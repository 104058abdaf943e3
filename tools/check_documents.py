"""Validates what others read: AsyncAPI by its project's own parser, Compose by its specification's schema.

python tools/check_documents.py              exit 0 if both are sound, else 1 with every fault on a line
python tools/check_documents.py --install    only bring the parser to what its lock file says
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
COMPOSE = [Path(sys.executable).with_name("check-jsonschema"), "--builtin-schema", "vendor.compose-spec"]


def install(folder: Path) -> None:
    """Bring ``node_modules`` to what the lock file says; nothing to do while that has not changed."""
    wanted = hashlib.sha256((PROJECT / "package-lock.json").read_bytes()).hexdigest()
    if not INSTALLED.is_file() or INSTALLED.read_text() != wanted:
        npm("--prefix", str(PROJECT), "ci", folder=folder)
        INSTALLED.write_text(wanted)


def are_sound(folder: Path) -> bool:
    """Whether neither document has a fault; whoever finds one names it."""
    with (ROOT / "docs" / "asyncapi.yaml").open("rb") as opened:
        events = subprocess.run([folder / "node", PROJECT / "asyncapi.mjs"], stdin=opened, check=False)
    containers = subprocess.run([*COMPOSE, ROOT / "docker-compose.yml"], check=False)
    return events.returncode == 0 and containers.returncode == 0


def main() -> int:
    """The command line."""
    try:
        folder = node_folder()
        install(folder)
        return 0 if "--install" in sys.argv[1:] or are_sound(folder) else 1
    except CannotBuildError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
