"""Started by root, PostgreSQL runs as the owner of its folder, and no other folder changes hands."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
from pathlib import Path

import pytest

from shared.database.embedded import EmbeddedPostgres
from shared.errors import SettingsError

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another user")


def _user_of(pid: int | None) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


async def test_a_folder_that_nobody_can_enter_is_named_with_the_remedy_and_keeps_its_mode(open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(SettingsError, match=rf"'nobody' cannot enter {closed}: .*chmod o\+x.*DATA_DIR"):
        await EmbeddedPostgres(closed / "data" / "postgres").start()
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    shutil.rmtree(closed)


async def test_as_root_only_the_database_folder_changes_its_owner(open_folder: Path) -> None:
    home = open_folder / "owned"
    home.mkdir(mode=0o755)
    async with EmbeddedPostgres(home / "postgres") as server:
        assert _user_of(server.pid) == (home / "postgres").stat().st_uid != 0
    assert (home.stat().st_uid, stat.S_IMODE(home.stat().st_mode)) == (0, 0o755)
    shutil.rmtree(home)


async def test_as_root_it_runs_as_the_user_that_the_folder_was_given_to(open_folder: Path) -> None:
    home = open_folder / "given"
    (home / "postgres").mkdir(parents=True)
    given = next(user for user in pwd.getpwall() if user.pw_uid and user.pw_name != "nobody")
    os.chown(home / "postgres", given.pw_uid, given.pw_gid)
    async with EmbeddedPostgres(home / "postgres") as server:
        assert _user_of(server.pid) == given.pw_uid
    shutil.rmtree(home)
