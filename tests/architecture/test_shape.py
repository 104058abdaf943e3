"""Files, functions and names stay small enough to be read, and the words of the README can be run."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
LONGEST_FILE = 300
LONGEST_FUNCTION = 50
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
PARTS = ("services", "shared", "bench", "tools", "tests")


def _files(*parts: str) -> list[Path]:
    return [path for part in parts for path in (ROOT / part).rglob("*.py") if "node_modules" not in path.parts]


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_no_file_is_over_300_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in _files(*PARTS)
        if (count := len(path.read_text("utf-8").splitlines())) > LONGEST_FILE
    }
    assert long == {}


def test_no_function_is_over_50_lines() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}"
        for path in _files(*PARTS)
        for function in _functions(path)
        if function.end_lineno is not None and function.end_lineno - function.lineno + 1 > LONGEST_FUNCTION
    ]
    assert long == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [str(path.relative_to(ROOT)) for path in _files(*PARTS) if EMPTY_NAMES & {path.stem, path.parent.name}] == []


def test_every_module_says_what_it_promises() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in _files("services", "shared", "bench", "tools")
        if path.read_text("utf-8").strip() and ast.get_docstring(ast.parse(path.read_text("utf-8"))) is None
    ]
    assert silent == []


def test_only_settings_read_the_environment() -> None:
    readers = [
        str(path.relative_to(ROOT))
        for path in _files("services", "shared")
        if re.search(r"\bos\.(environ|getenv)\b", path.read_text("utf-8"))
    ]
    assert [reader for reader in readers if reader not in {"services/cli/opened.py", "shared/settings.py"}] == []


def test_nothing_is_left_to_do_later() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    assert [
        str(path.relative_to(ROOT)) for path in _files("services", "shared") if marks.search(path.read_text("utf-8"))
    ] == []


def test_every_make_command_in_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        (document, target)
        for document in ("README.md", "CONTRIBUTING.md")
        for target in re.findall(r"`?\bmake ([a-z-]+)`", (ROOT / document).read_text("utf-8"))
    }
    assert named
    assert [(document, target) for document, target in named if target not in targets] == []


def test_every_target_of_the_makefile_says_what_it_does() -> None:
    text = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", text, re.MULTILINE))
    assert targets - set(re.findall(r"^([a-z-]+):.*## \S", text, re.MULTILINE)) == set()


def test_make_alone_lists_the_commands() -> None:
    listed = subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "run" in listed
    assert "test-system" in listed
