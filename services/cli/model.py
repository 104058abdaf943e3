"""``inquiry-router model``: train, evaluate and describe the classifier's default model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich import print as show

from services.classifier import commands, report, train
from services.classifier.choosing import choose_bundle
from services.classifier.corpus import CORPUS
from services.classifier.progress import on_terminal
from services.cli import opened

app = typer.Typer(no_args_is_help=True, help="The classifier's model: made from the corpus, judged on the gate.")

_Json = Annotated[bool, typer.Option("--json", help="For programs.")]


def _models() -> Path:
    return opened.settings().data_dir / "models"


@app.command("train")
def train_model(
    if_stale: Annotated[bool, typer.Option("--if-stale", help="Only if the corpus changed or it is damaged.")] = False,
    into: Annotated[Path | None, typer.Option(help="The models' folder; without it, the installation's own.")] = None,
) -> None:
    """Train the default model from the corpus; a running product uses it from its next start.

    Example: inquiry-router model train
    """
    folder = into or _models()
    with on_terminal("Training the model") as progress:
        if if_stale:
            print(commands.ensure_bundle(folder, progress))
        else:
            print(train.train(CORPUS, folder / commands.CURRENT, progress).model)


@app.command()
def evaluate(as_json: _Json = False) -> None:
    """Judge the model on the gate, which it has never seen.

    Example: inquiry-router model evaluate
    """
    figures = commands.evaluate(_chosen())
    if as_json:
        print(json.dumps(figures.to_json(), ensure_ascii=False))
    else:
        show(report.tables(figures))


@app.command()
def info() -> None:
    """Tell what the model was made of.

    Example: inquiry-router model info
    """
    print(json.dumps(commands.info(_chosen()), indent=2, ensure_ascii=False))


def _chosen() -> Path:
    with on_terminal("Training the model") as progress:
        return choose_bundle(_models(), progress)
