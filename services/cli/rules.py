"""``inquiry-router rules``: check, publish and show rule sets."""

from __future__ import annotations

import asyncio
import getpass
from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli import opened
from services.router.decide.ruleset import RuleSet
from services.router.rulesets import RuleSetStore, parse

app = typer.Typer(no_args_is_help=True, help="Rule sets: checked as a whole, numbered, one of them live.")

_File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A rule set, YAML or JSON.")]


@app.command()
def check(file: _File) -> None:
    """Find every fault of FILE.

    Example: inquiry-router rules check rules.yaml
    """
    _, ruleset = _parsed(file)
    print(f"{file}: good, {len(ruleset.rules)} rules, {len(ruleset.queues)} queues")


@app.command()
def publish(file: _File) -> None:
    """Put FILE in force as the next version; with faults the live one stays.

    Example: inquiry-router rules publish rules.yaml
    """
    document, _ = _parsed(file)
    print(f"version {asyncio.run(_publish(document, file.read_text('utf-8')))} is live")


@app.command()
def show(version: Annotated[int | None, typer.Argument(help="A number; without it, the live one.")] = None) -> None:
    """Print a rule set as its author wrote it.

    Example: inquiry-router rules show 3 > third.yaml
    """
    print(asyncio.run(_source(version)))


def _parsed(file: Path) -> tuple[dict[str, Any], RuleSet]:
    kind = "application/json" if file.suffix == ".json" else "application/yaml"
    return parse(file.read_bytes(), kind)


async def _publish(document: dict[str, Any], source: str) -> int:
    async with opened.pool(opened.settings()) as pool:
        store = RuleSetStore(pool)
        version = await store.create(document, source, author=getpass.getuser())
        await store.publish(version, actor=getpass.getuser())
        return version


async def _source(version: int | None) -> str:
    async with opened.pool(opened.settings()) as pool:
        store = RuleSetStore(pool)
        number = version if version is not None else (await store.live())[0]
        return (await store.get(number)).source.rstrip("\n")
