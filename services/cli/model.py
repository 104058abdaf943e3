"""``inquiry-router model``: train, evaluate and describe the classifier's default model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich import print as show

from services.classifier import commands, evaluate, report
from services.classifier.progress import on_terminal
from services.cli import opened

app = typer.Typer(no_args_is_help=True, help="The classifier's model: made from the corpus, judged on the gate.")


def models_folder() -> Path:
    """Where this installation keeps its models."""
    return opened.settings().data_dir / "models"


@app.command()
def train(
    if_stale: Annotated[
        bool, typer.Option("--if-stale", help="Only if the corpus changed or the model is damaged.")
    ] = False,
) -> None:
    """Train the default model from the corpus.

    Example: inquiry-router model train
    """
    folder = models_folder()
    if not if_stale:
        commands.remove(folder)
    with on_terminal("Training the model") as progress:
        print(commands.ensure_bundle(folder, progress))


@app.command("evaluate")
def evaluate_(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Judge the model on the gate, which it has never seen.

    Example: inquiry-router model evaluate
    """
    figures = evaluate.evaluate(commands.load(commands.ensure_bundle(models_folder())))
    if as_json:
        print(json.dumps(figures.to_json(), ensure_ascii=False))
    else:
        show(report.tables(figures))


@app.command()
def info() -> None:
    """Tell what the model was made of.

    Example: inquiry-router model info
    """
    print(json.dumps(commands.info(commands.ensure_bundle(models_folder())), indent=2, ensure_ascii=False))
