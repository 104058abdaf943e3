"""Each import contract holds, and each has been seen failing on a copy with one forbidden line more."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT = Path(sys.executable).with_name("lint-imports")

# contract (the start of its name) -> file, forbidden line
FORBIDDEN = {
    "The command line and the composition root": ("shared/clock.py", "import services.bootstrap"),
    "Services are strangers": ("services/router/rulesets.py", "import services.ingest.accept"),
    "Shared layers": ("shared/errors.py", "import shared.events"),
    "The domain is pure": ("shared/domain/work.py", "import asyncio"),
    "Deciding is pure": ("services/router/decide/route.py", "import random"),
    "scikit-learn lives": ("services/router/rulesets.py", "import sklearn"),
    "Only the composition root names": ("services/ingest/accept.py", "import shared.eventlog.memory"),
    "Only the adapter on Kafka": ("shared/worker.py", "import aiokafka"),
    "No cycles": ("shared/text.py", "import shared.http.app"),
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copy")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in ("services", "shared"):
        shutil.copytree(ROOT / package, folder / package, ignore=_all_but_python)
    return folder


@pytest.fixture
def line_more(copy: Path, request: pytest.FixtureRequest) -> Iterator[None]:
    file, line = FORBIDDEN[request.param]
    path = copy / file
    before = path.read_text()
    path.write_text(f"{before}\n{line}\n")
    yield
    path.write_text(before)


def test_every_contract_holds(copy: Path) -> None:
    result = _lint(copy)
    assert result.returncode == 0, result.stdout


def test_every_contract_is_seen_failing_below() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    unseen = [found["name"] for found in contracts if not any(found["name"].startswith(name) for name in FORBIDDEN)]
    assert unseen == []


@pytest.mark.parametrize(("line_more", "contract"), [(name, name) for name in FORBIDDEN], indirect=["line_more"])
@pytest.mark.usefixtures("line_more")
def test_a_forbidden_import_breaks_its_contract(copy: Path, contract: str) -> None:
    result = _lint(copy)
    assert result.returncode == 1
    broken = [line for line in result.stdout.splitlines() if " BROKEN" in line]
    assert any(line.startswith(contract) for line in broken), result.stdout


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "300"}
    return subprocess.run(
        [LINT, "--no-cache"], cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def _all_but_python(folder: str, names: list[str]) -> list[str]:
    return [
        name for name in names if not (name.endswith(".py") or (Path(folder) / name).is_dir()) or name == "node_modules"
    ]
