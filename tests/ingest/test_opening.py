"""A door that cannot be opened where the setting says is told by the setting's name, and does not hang the start."""

from __future__ import annotations

import socket
from pathlib import Path

import asyncpg
import pytest

from services.ingest.world import DoorSettings
from shared.errors import SettingsError
from tests.ingest.conftest import running


async def test_a_port_that_is_taken_is_told(database_url: str, pool: asyncpg.Pool) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SettingsError, match="LMTP_PORT"):
            async with running(database_url, pool, DoorSettings(lmtp_port=taken.getsockname()[1])):
                pass


async def test_a_folder_that_cannot_be_made_is_told(database_url: str, pool: asyncpg.Pool, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SettingsError, match="MAIL_DIR"):
        async with running(database_url, pool, DoorSettings(lmtp_port=None, mail_folder=tmp_path / "file" / "in")):
            pass


async def test_without_doors_to_listen_at_nothing_is_waited_for(database_url: str, pool: asyncpg.Pool) -> None:
    async with running(database_url, pool, DoorSettings(lmtp_port=None)) as house:
        assert house.addresses == {}
