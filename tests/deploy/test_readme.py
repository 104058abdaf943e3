"""What the README of the containers names exists: variables, commands, volumes, services, metrics."""

from __future__ import annotations

import re
from typing import Any

import pytest
import typer

from services.cli import app
from shared.settings import Settings
from tests.deploy.files import ROOT, compose
from tests.deploy.promql import existing

README = (ROOT / "deploy" / "README.md").read_text("utf-8")
COMPOSE = (ROOT / "docker-compose.yml").read_text("utf-8")
SETTINGS = {field.upper() for field in Settings.model_fields} - {"CHANNELS"}
SECRETS = {f"{field.upper()}_FILE" for field, info in Settings.model_fields.items() if info.json_schema_extra}
SUBSTITUTED = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", COMPOSE))
ROWS = dict(re.findall(r"^\| `([A-Z_]+)` \| (`[^`]*`|unset) \|", README, re.MULTILINE))


def variables(text: str) -> set[str]:
    """Every word that is written as a variable of ours."""
    return set(re.findall(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|PUBLISH)`", text))


def test_every_variable_it_names_is_a_setting_or_one_of_the_compose_file() -> None:
    assert variables(README)
    assert variables(README) <= SETTINGS | SECRETS | SUBSTITUTED.keys()


def test_every_variable_of_the_compose_file_is_told_with_its_default() -> None:
    assert {name: default.strip("`") for name, default in ROWS.items()} == {
        name: default or "unset" for name, default in SUBSTITUTED.items()
    }


def test_every_setting_that_the_projects_readme_names_exists() -> None:
    assert variables((ROOT / "README.md").read_text("utf-8")) <= SETTINGS | SECRETS | {"NAME_FILE"}


@pytest.mark.parametrize("words", sorted(set(re.findall(r"inquiry-router ((?:[a-z]+ ?){1,2})", README))))
def test_every_command_it_names_exists(words: str) -> None:
    command: Any = typer.main.get_command(app)
    first, *rest = words.split()
    found = command.commands[first]
    if rest and hasattr(found, "commands"):
        assert rest[0] in found.commands


def test_every_metric_it_names_exists() -> None:
    series = set(existing())
    named = set(re.findall(r"`(inquiry_router_\w+)`", README))
    assert named
    assert [name for name in named if not any(one.startswith(name) for one in series)] == []


def test_every_container_it_speaks_of_exists() -> None:
    named = set(re.findall(r"docker compose (?:exec(?: -T)?|logs --tail 50|restart) ([a-z-]+)", README))
    assert named <= compose()["services"].keys()
    assert set(re.findall(r"inquiry-router_(\w+)", README)) <= compose()["volumes"].keys()


def test_every_secret_is_made_by_its_first_steps() -> None:
    made = set(re.findall(r"> (\w+)", README.partition("## Mail")[0]))
    assert made == {secret["file"].rpartition("/")[2] for secret in compose()["secrets"].values()}
