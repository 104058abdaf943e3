"""The wheel, installed into an empty environment and started from another folder, is the whole product."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bench.load.product import API_KEY, Product
from tests.system.installation import installation

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]
INSIDE = {
    "the console": r"services/router/console/dist/index\.html",
    "its script": r"services/router/console/dist/.*\.js",
    "the widget": r"services/ingest/widget/.*\.js",
    "the model": r"services/classifier/model/default/manifest\.json",
    "migrations": r"shared/database/migrations/versions/0005_router\.py",
    "the corpus": r"services/classifier/corpus/lv/billing\.jsonl",
    "the gate": r"services/classifier/gate/lv\.jsonl",
    "the demo's rules": r"services/demo/rules\.yaml",
    "the demo's customers": r"services/demo/inquiries/lv\.yaml",
    "the licence": r".*dist-info/licenses/LICENSE",
}
OUTSIDE = r"^(tests|bench|tools)/|node_modules|\.tsx?$"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    built = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert built.returncode == 0, built.stderr[-3000:]
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def product(wheel: Path) -> Iterator[Product]:
    with installation() as product:
        bin_folder = _environment(product.folder / "environment")
        _install(wheel, bin_folder)
        product.command = (str(bin_folder / "inquiry-router"), "up", "--demo")
        yield product


@pytest.mark.parametrize("what", INSIDE)
def test_the_wheel_holds(wheel: Path, what: str) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert [name for name in names if re.fullmatch(INSIDE[what], name)], what


def test_the_wheel_holds_nothing_of_the_workshop(wheel: Path) -> None:
    assert [name for name in zipfile.ZipFile(wheel).namelist() if re.search(OUTSIDE, name)] == []


async def test_it_runs_from_another_folder_and_routes(product: Product) -> None:
    assert str(ROOT) not in _where(product), "the installed package is the one that runs"
    await product.start(seconds=120)
    page = _get(product, "/")
    assert page.status_code == 200
    (script, *_) = re.findall(r'src="([^"]+\.js)"', page.text)
    assert _get(product, script).status_code == 200
    posted = _post(product, "Kur ir mans sūtījums? Tas vēl nav pienācis.")
    assert posted.status_code == 202, posted.text
    assert _get(product, posted.headers["location"]).json()["channel"] == "api"
    assert product.stop() == 0


def _environment(folder: Path) -> Path:
    """An environment with nothing in it but a view of the dependencies, since a test fetches nothing."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    packages = next((folder / "lib").glob("python3*/site-packages"))
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin"


def _install(wheel: Path, bin_folder: Path) -> None:
    uv = Path(sys.executable).with_name("uv")
    install = [uv, "pip", "install", "--offline", "--no-deps", "--python", bin_folder / "python", wheel]
    subprocess.run(install, check=True, capture_output=True)


def _where(product: Product) -> str:
    python = Path(product.command[0]).with_name("python")
    asked = [python, "-c", "import services, shared; print(services.__file__, shared.__file__)"]
    environment = {"PATH": os.environ["PATH"]}
    return subprocess.run(asked, cwd=product.folder, env=environment, check=True, capture_output=True, text=True).stdout


def _get(product: Product, path: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {API_KEY}"}
    return httpx.get(product.run["http"] + path, headers=headers, follow_redirects=True)


def _post(product: Product, text: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {API_KEY}"}
    return httpx.post(product.run["http"] + "/api/v1/inquiries", json={"text": text}, headers=headers)
