"""A damaged model bundle is refused in words and made again; the product comes up and classifies."""

from __future__ import annotations

import shutil
from pathlib import Path

import httpx
import pytest

from bench.load.product import API_KEY, Product
from services.classifier.bundle import MANIFEST, read
from services.classifier.choosing import choose_bundle
from tests.system.installation import installation

pytestmark = pytest.mark.system

CARD = {"text": "Meine Kreditkarte wurde zweimal belastet, bitte prüfen Sie die Rechnung.", "channel": "email"}


async def test_a_damaged_bundle_is_refused_and_rebuilt() -> None:
    with installation() as product:
        own = product.folder / "data" / "models" / "default"
        shutil.copytree(choose_bundle(product.folder / "sound"), own)
        damaged = _damage(own)
        await product.start(seconds=90)
        assert _answers(product) == ("de", "billing")
        assert f"{own} is damaged: {damaged} is not what was trained" in product.last_words()
        read(own)


async def test_a_bundle_without_a_readable_manifest_is_refused_and_rebuilt() -> None:
    with installation() as product:
        own = product.folder / "data" / "models" / "default"
        own.mkdir(parents=True)
        (own / MANIFEST).write_bytes(b'{"format": 1, "files": {"../../../etc/passwd": "0"}')
        await product.start(seconds=90)
        assert _answers(product) == ("de", "billing")
        assert "model.bundle_refused" in product.last_words()
        read(own)


def _damage(folder: Path) -> str:
    """Turn one bit of the largest array; returns the file's name."""
    largest = max(folder.glob("*.npy"), key=lambda path: path.stat().st_size)
    content = bytearray(largest.read_bytes())
    content[-1] ^= 1
    largest.write_bytes(content)
    return largest.name


def _answers(product: Product) -> tuple[str, str]:
    answer = httpx.post(
        product.run["http"] + "/api/v1/classify",
        json={"items": [CARD]},
        headers={"Authorization": f"Bearer {API_KEY}"},
        timeout=15,
    )
    assert answer.status_code == 200, answer.text
    (item,) = answer.json()["items"]
    return item["language"]["value"], item["topic"]["value"]
