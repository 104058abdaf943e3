"""Asks this container's service whether it is ready: exit 0 if so. Where it listens stands in its ``run.json``."""  # noqa: INP001  # a script of the image

from __future__ import annotations

import json
import os
import sys
import urllib.request
from pathlib import Path

_PATIENCE_SECONDS = 3


def main() -> int:
    """The exit code; what is wrong is told in a line."""
    try:
        run = json.loads(Path(os.environ["DATA_DIR"], "run.json").read_text("utf-8"))
        url = f"{run['http']}/readyz"
        with urllib.request.urlopen(url, timeout=_PATIENCE_SECONDS):  # noqa: S310  # our own service wrote this address
            return 0
    except (OSError, ValueError) as error:
        sys.stderr.write(f"not ready: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
