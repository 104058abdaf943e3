"""A damaged model bundle is refused in words and made again; the product comes up and classifies."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import httpx
import pytest

from bench.load.product import API_KEY, COMMAND, Product
from tests.system.installation import installation

pytestmark = pytest.mark.system

CARD = {"text": "Meine Kreditkarte wurde zweimal belastet, bitte prüfen Sie die Rechnung.", "channel": "email"}


async def test_a_damaged_bundle_is_refused_and_rebuilt() -> None:
    with installation() as product:
        _train(product)
        await product.start()
        assert _answers(product) == ("de", "billing")
        assert product.stop() == 0
        damaged = _damage(product.folder)
        await product.start()
        assert _answers(product) == ("de", "billing")
        assert product.stop() == 0
        assert "damaged" in (product.folder / "product.log").read_text()
        assert damaged.read_bytes()[:1] != b"\x00", "the file was written anew"


def _train(product: Product) -> None:
    """An own bundle, which goes before the one that set-up made beside the code."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(product.folder), "DATA_DIR": str(product.folder / "data")}
    subprocess.run([COMMAND[0], "model", "train"], env=environment, check=True, capture_output=True)


def _damage(folder: Path) -> Path:
    arrays = sorted(folder.rglob("*.npy"), key=lambda path: path.stat().st_size)
    assert arrays, "the bundle lies in the product's own folder"
    content = bytearray(arrays[-1].read_bytes())
    content[0] = 0
    arrays[-1].write_bytes(content)
    return arrays[-1]


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
