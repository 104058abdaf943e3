"""The installation's own bundle serves first, then the shipped one, and only then a new one is trained."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from services.classifier import choosing
from services.classifier.commands import CURRENT, load


@pytest.fixture
def shipped(bundle_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shipped bundle of today's corpus."""
    folder = tmp_path / "shipped" / CURRENT
    shutil.copytree(bundle_folder, folder)
    monkeypatch.setattr(choosing, "SHIPPED", folder.parent)
    return folder


def test_the_shipped_bundle_serves_where_there_is_no_other(shipped: Path, tmp_path: Path) -> None:
    with capture_logs() as logs:
        assert choosing.choose_bundle(tmp_path / "models") == shipped
    assert logs == []


def test_the_own_bundle_goes_before_the_shipped_one(shipped: Path, tmp_path: Path) -> None:
    own = tmp_path / "models" / CURRENT
    shutil.copytree(shipped, own)
    assert choosing.choose_bundle(tmp_path / "models") == own


def test_a_damaged_own_bundle_is_told_and_made_anew(shipped: Path, tmp_path: Path) -> None:
    own = tmp_path / "models" / CURRENT
    shutil.copytree(shipped, own)
    (own / "topic.weights.npy").write_bytes(b"\0")
    with capture_logs() as logs:
        assert choosing.choose_bundle(tmp_path / "models") == own
    assert "damaged: topic.weights.npy" in logs[0]["reason"]
    load(own)


def test_a_damaged_shipped_bundle_is_told_and_one_is_trained(shipped: Path, tmp_path: Path) -> None:
    (shipped / "manifest.json").write_bytes(b"{")
    with capture_logs() as logs:
        assert choosing.choose_bundle(tmp_path / "models") == tmp_path / "models" / CURRENT
    assert "cannot be read" in logs[0]["reason"]
