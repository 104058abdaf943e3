"""The default bundle is made when it is needed, kept when it is sound, and made again when it is not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from services.classifier import commands
from services.classifier.bundle import BundleRefused
from services.classifier.corpus import Example


@pytest.fixture
def corpus_dir(tiny_examples: Sequence[Example], tmp_path: Path) -> Path:
    """The tiny examples as files."""
    folder = tmp_path / "corpus"
    for example in tiny_examples:
        path = folder / example.language / f"{example.topic}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        fields = {name: getattr(example, name) for name in ("text", "subject", "channel", "urgency", "sentiment")}
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(fields) + "\n")
    return folder


def test_a_missing_bundle_is_trained_and_then_kept(corpus_dir: Path, tmp_path: Path) -> None:
    steps: list[str] = []
    folder = commands.ensure_bundle(tmp_path / "models", lambda step, *_: steps.append(step), corpus_dir=corpus_dir)
    assert "learning topic" in steps
    first = (folder / "manifest.json").stat().st_mtime_ns
    assert commands.ensure_bundle(tmp_path / "models", corpus_dir=corpus_dir) == folder
    assert (folder / "manifest.json").stat().st_mtime_ns == first


def test_a_damaged_bundle_is_told_and_trained_again(corpus_dir: Path, tmp_path: Path) -> None:
    folder = commands.ensure_bundle(tmp_path / "models", corpus_dir=corpus_dir)
    (folder / "topic.weights.npy").write_bytes(b"\0")
    with pytest.raises(BundleRefused):
        commands.load(folder)
    with capture_logs() as logs:
        commands.ensure_bundle(tmp_path / "models", corpus_dir=corpus_dir)
    assert "damaged: topic.weights.npy" in logs[0]["reason"]
    commands.load(folder)


def test_a_bundle_of_an_older_corpus_is_stale(corpus_dir: Path, tmp_path: Path) -> None:
    folder = commands.ensure_bundle(tmp_path / "models", corpus_dir=corpus_dir)
    path = corpus_dir / "en" / "billing.jsonl"
    path.write_text("\n".join(path.read_text("utf-8").splitlines()[:-1]), "utf-8")
    assert "stale" in str(commands.why_not(folder, corpus_dir=corpus_dir))


def test_info_says_what_the_bundle_is(corpus_dir: Path, tmp_path: Path) -> None:
    facts = commands.info(commands.ensure_bundle(tmp_path / "models", corpus_dir=corpus_dir))
    assert str(facts["model"]).startswith("linear-")
    assert facts["components"] == ["language", "features", "flags", "sentiment", "topic", "urgency"]
