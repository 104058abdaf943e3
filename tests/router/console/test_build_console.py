"""The build of the console: only when a source changed, with a Node that is new enough, or a sentence."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]
LOCK = ROOT / "services" / "router" / "console" / "package-lock.json"


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The tool, pointed at a small console of its own."""
    spec = importlib.util.spec_from_file_location("build_console", ROOT / "tools" / "build_console.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in module.FILES:
        (tmp_path / name).write_text(name)
    for name in ("src/shell/main.tsx", "src/shell/main.test.ts", "src/compiled/en.json", "public/theme.js"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "dist").mkdir()
    monkeypatch.setattr(module, "CONSOLE", tmp_path)
    monkeypatch.setattr(module, "STAMP", tmp_path / "dist" / ".sources")
    monkeypatch.setattr(module, "INSTALLED", tmp_path / ".lock-hash")
    return module


def test_what_was_built_from_these_sources_is_not_built_again(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts: list[str] = []
    monkeypatch.setattr(tool, "run", scripts.append)
    tool.build()
    tool.build()
    assert scripts == ["build"]
    assert tool.is_fresh()


@pytest.mark.parametrize("name", ["src/shell/main.tsx", "public/theme.js", "openapi.json"])
def test_a_changed_source_is_built(tool: ModuleType, tmp_path: Path, name: str) -> None:
    tool.STAMP.write_text(tool.source_hash())
    (tmp_path / name).write_text("changed")
    assert not tool.is_fresh()


@pytest.mark.parametrize("name", ["src/compiled/en.json", "src/shell/main.test.ts"])
def test_what_is_made_and_what_only_tests_is_no_source(tool: ModuleType, tmp_path: Path, name: str) -> None:
    tool.STAMP.write_text(tool.source_hash())
    (tmp_path / name).write_text("changed")
    assert tool.is_fresh()


def test_a_failed_build_is_not_taken_for_a_built_one(tool: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: str) -> None:
        raise tool.CannotBuildError("no")

    tool.STAMP.write_text("older")
    monkeypatch.setattr(tool, "run", fail)
    with pytest.raises(tool.CannotBuildError):
        tool.build()
    assert not tool.STAMP.exists()


def test_packages_are_installed_only_when_the_lock_changed(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, ...]] = []
    monkeypatch.setattr(tool, "npm", lambda *arguments, folder: calls.append(arguments))
    tool.install(tmp_path)
    tool.install(tmp_path)
    assert [arguments[0] for arguments in calls] == ["ci"]


def test_without_a_node_a_sentence_says_what_to_install(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tool.sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(tool.CannotBuildError, match="needs Node 24 or newer"):
        tool.node_folder()


def test_the_lock_file_names_no_download_address() -> None:
    assert '"resolved"' not in LOCK.read_text()
