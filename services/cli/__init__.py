"""The command ``inquiry-router``: one file a group of commands, one place where errors become sentences."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import NoReturn

import typer

from services.cli import access, doctor, model, quarantine, rules, run
from shared.errors import Fault, Refused, SettingsError, Temporary

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Reads every inquiry and puts it before the agent with the right skills, with the reason written down.",
)
run.install(app)
app.add_typer(rules.app, name="rules")
app.add_typer(model.app, name="model")
app.add_typer(access.users, name="users")
app.add_typer(access.keys, name="keys")
app.add_typer(quarantine.app, name="quarantine")
doctor.install(app)


def main() -> None:
    """Run one command. Exit codes: 0 good, 1 faults found or not possible now, 2 wrong use or wrong settings."""
    try:
        app()
    except SettingsError as error:
        _end(2, error.faults)
    except Refused as refused:
        _end(1, [*(_fault(fault) for fault in refused.faults), refused.detail or refused.code])
    except Temporary as error:
        _end(1, [f"{error}. Try again."])


def _fault(fault: Fault) -> str:
    where = f"line {fault.line}, {fault.pointer}" if fault.line else fault.pointer
    return f"{where}: {fault.detail or fault.code}"


def _end(code: int, sentences: Iterable[str]) -> NoReturn:
    for sentence in sentences:
        sys.stderr.write(f"{sentence}\n")
    sys.exit(code)
