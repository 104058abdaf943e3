"""One installation for a test: a folder of its own that PostgreSQL's user may enter, and nothing left running after."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.load.product import COMMAND, Product


@contextmanager
def installation(*, command: Sequence[str] = COMMAND, **environment: str) -> Iterator[Product]:
    """A product that was not started yet, quiet unless ``environment`` says otherwise."""
    folder = Path(tempfile.mkdtemp(prefix="ir-", dir="/tmp"))
    folder.chmod(0o755)
    product = Product(folder, environment=environment, command=command)
    try:
        yield product
    finally:
        product.clear()
        shutil.rmtree(folder, ignore_errors=True)
