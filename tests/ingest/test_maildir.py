"""The maildir door: files are taken once, moved after the commit, and left where they cannot be taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ingest.conftest import House, eventually
from tests.ingest.wire import Wire

MAIL = b"From: a@kunde.example\r\nTo: info@shop.example\r\nSubject: Karte\r\n\r\nZweimal belastet.\r\n"


@pytest.fixture
async def folder(house: House, tmp_path: Path) -> Path:
    folder = tmp_path / "mail-in"
    await eventually(lambda: (folder / "new").is_dir() and (folder / "cur").is_dir())
    return folder


async def test_a_file_is_taken_and_moved(house: House, folder: Path) -> None:
    (folder / "new" / "1.eml").write_bytes(MAIL)
    await eventually((folder / "cur" / "1.eml").exists)
    assert not (folder / "new" / "1.eml").exists()
    inquiry = await eventually(lambda: next(iter(house.received()), None))
    assert (inquiry["text"], inquiry["recipient"]) == ("Zweimal belastet.", "info@shop.example")


async def test_the_same_file_again_is_the_same_inquiry(house: House, folder: Path) -> None:
    for _ in range(2):
        (folder / "new" / "1.eml").write_bytes(MAIL)
        await eventually(lambda: not (folder / "new" / "1.eml").exists())
    assert await house.pool.fetchval("SELECT count(*) FROM ingest.receipt") == 1


async def test_files_wait_while_the_database_is_away(house: House, folder: Path, wire: Wire) -> None:
    await wire.cut()
    for number in range(30):
        (folder / "new" / f"{number}.eml").write_bytes(MAIL + str(number).encode())
    await wire.mend()
    await eventually(lambda: len(list((folder / "cur").iterdir())) == 30, within=15)
    assert await house.pool.fetchval("SELECT count(*) FROM ingest.receipt") == 30


async def test_what_cannot_be_taken_stays_and_holds_up_nothing(house: House, folder: Path) -> None:
    (folder / "new" / "a-folder").mkdir()
    (folder / "new" / "a-link").symlink_to("/etc/passwd")
    (folder / "new" / "large.eml").write_bytes(b"x" * 26_300_000)
    (folder / "new" / "z.eml").write_bytes(MAIL)
    await eventually((folder / "cur" / "z.eml").exists)
    assert (folder / "new" / "large.eml").exists()
    assert await house.pool.fetchval("SELECT count(*) FROM ingest.receipt") == 1
