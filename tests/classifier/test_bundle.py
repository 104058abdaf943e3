"""A bundle is read back as it was written, or refused with a sentence; never half, never as code."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from services.classifier import bundle
from services.classifier.bundle import Bundle, BundleRefused
from services.classifier.pipeline import Pipeline, Question


@pytest.fixture
def folder(tiny_bundle: Bundle, tmp_path: Path) -> Path:
    bundle.write(tiny_bundle, tmp_path / "default")
    return tmp_path / "default"


def _change_manifest(folder: Path, **entries: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | entries), "utf-8")


def test_what_is_written_classifies_the_same_when_read(tiny_bundle: Bundle, folder: Path) -> None:
    asked = [Question("das Paket ist weg"), Question("charged twice")]
    assert Pipeline(bundle.read(folder)).classify(asked) == Pipeline(tiny_bundle).classify(asked)


def test_an_absent_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleRefused, match="no model bundle"):
        bundle.read(tmp_path / "nothing")


def test_every_damaged_file_is_noticed(folder: Path) -> None:
    for path in sorted(folder.iterdir()):
        sound = path.read_bytes()
        path.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
        with pytest.raises(BundleRefused):
            bundle.read(folder)
        path.write_bytes(sound)
    bundle.read(folder)


def test_every_truncated_file_is_noticed(folder: Path) -> None:
    for path in sorted(folder.iterdir()):
        sound = path.read_bytes()
        path.write_bytes(sound[: len(sound) // 2])
        with pytest.raises(BundleRefused):
            bundle.read(folder)
        path.write_bytes(sound)


def test_every_missing_file_is_noticed(folder: Path) -> None:
    for path in sorted(folder.iterdir()):
        sound = path.read_bytes()
        path.unlink()
        with pytest.raises(BundleRefused):
            bundle.read(folder)
        path.write_bytes(sound)


def test_a_damaged_array_is_told_by_name(folder: Path) -> None:
    (folder / "topic.weights.npy").write_bytes(b"\0")
    with pytest.raises(BundleRefused, match=r"damaged: topic\.weights\.npy"):
        bundle.read(folder)


def test_a_later_format_is_refused(folder: Path) -> None:
    _change_manifest(folder, format=2)
    with pytest.raises(BundleRefused, match="format 2"):
        bundle.read(folder)


def test_unknown_labels_are_refused(folder: Path) -> None:
    _change_manifest(folder, labels={"topics": ["billing", "weather"], "languages": ["de"]})
    with pytest.raises(BundleRefused, match="unknown labels: weather"):
        bundle.read(folder)


@pytest.mark.parametrize("manifest", ["[]", "{}", "null", '{"format": 1}', "{", "\0"])
def test_a_manifest_that_is_none_is_refused(folder: Path, manifest: str) -> None:
    (folder / "manifest.json").write_text(manifest, "utf-8")
    with pytest.raises(BundleRefused):
        bundle.read(folder)


def test_a_manifest_cannot_name_a_file_elsewhere(folder: Path) -> None:
    _change_manifest(folder, files={"../secret": "0"})
    with pytest.raises(BundleRefused, match="outside itself"):
        bundle.read(folder)


def test_a_pickled_array_is_refused(tiny_bundle: Bundle, tmp_path: Path) -> None:
    content = np.asarray([{"a": 1}], dtype=object)
    with pytest.raises(ValueError, match="allow_pickle"):
        bundle.write(
            Bundle("m", "k", {}, {"topic": bundle.State({}, {"weights": content})}),
            tmp_path / "pickled",
        )
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_without_a_component_is_refused_by_the_pipeline(tiny_bundle: Bundle) -> None:
    states = {name: state for name, state in tiny_bundle.states.items() if name != "urgency"}
    with pytest.raises(BundleRefused, match="urgency"):
        Pipeline(Bundle("m", "k", {}, states))


def test_a_component_with_another_shape_is_refused_by_the_pipeline(tiny_bundle: Bundle) -> None:
    topic = tiny_bundle.states["topic"]
    narrow = bundle.State(topic.settings, dict(topic.arrays) | {"weights": topic.arrays["weights"][:, :3]})
    with pytest.raises(BundleRefused, match="topic"):
        Pipeline(Bundle("m", "k", {}, dict(tiny_bundle.states) | {"topic": narrow}))


def test_a_bundle_takes_the_place_of_an_older_one_whole(tiny_bundle: Bundle, folder: Path) -> None:
    (folder / "left-over.npy").write_bytes(b"old")
    bundle.write(tiny_bundle, folder)
    assert not (folder / "left-over.npy").exists()
    assert [path.name for path in folder.parent.iterdir()] == ["default"]
    bundle.read(folder)
