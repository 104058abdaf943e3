"""Make the virtual environment with uv inside it, on a machine that has nothing but Python."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path


def main(folder: str) -> int:
    if sys.version_info < (3, 11):  # noqa: UP036  # the very sentence an older Python must be able to say
        sys.exit(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}. Try: make PYTHON=python3.12 …")
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        sys.exit(
            f"This Python cannot make virtual environments. Install its venv package: apt install python{version}-venv"
        )
    print(f"Making {folder} …", flush=True)
    venv.create(folder, with_pip=True)
    python = Path(folder, "bin", "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv>=0.9"], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
