"""The command ``inquiry-router``: one file a group of commands, one place where errors become sentences."""

from __future__ import annotations

import sys

import typer

from services.cli import access, doctor, model, rules, run
from shared.errors import Refused, SettingsError, Temporary

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
doctor.install(app)


def main() -> None:
    """Run one command. Exit codes: 0 good, 1 faults found or not possible now, 2 wrong use or wrong settings."""
    try:
        app()
    except SettingsError as error:
        for fault in error.faults:
            _say(fault)
        sys.exit(2)
    except Refused as error:
        for fault in error.faults:
            where = f"line {fault.line}, {fault.pointer}" if fault.line else fault.pointer
            _say(f"{where}: {fault.detail or fault.code}")
        _say(error.detail or error.code)
        sys.exit(1)
    except Temporary as error:
        _say(f"{error}. Try again.")
        sys.exit(1)


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
