"""The database folder: who holds it, what is in it, and making it for the first time.

Layout of the folder: ``lock`` · ``password`` (0600) · ``log`` · ``run/`` (socket, 0700) · ``data/`` (PostgreSQL's own).
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import subprocess
from pathlib import Path

from shared.database.binaries import MAJOR, Owner, owner_of, programs
from shared.errors import SettingsError

USER = "router"
_LOG_BYTES = 10_000_000


class Cluster:
    """One database folder, held by this process from ``open`` to ``close``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.data = self.folder / "data"
        self.sockets = self.folder / "run"
        self.log = self.folder / "log"
        self.owner = Owner()
        self._password = self.folder / "password"
        self._lock: int | None = None

    @property
    def password(self) -> str:
        """The generated password of ``USER``."""
        return self._password.read_text().strip()

    def open(self) -> None:
        """Take the folder for this process, and make the database in it if there is none.

        Raises:
            SettingsError: another process holds it, its database is of another major version, it cannot be written,
                or the user that PostgreSQL runs as cannot come to it.
        """
        try:
            self._make_folders()
            self._take_lock()
        except OSError as error:
            raise SettingsError([f"The data folder {self.folder} cannot be used: {error.strerror}."]) from error
        try:
            self._check_ways()
            self._check_version()
            if not self.data.exists():
                self._initialise()
            self._clean()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let the folder go."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _make_folders(self) -> None:
        if not self.folder.parent.exists():
            self.folder.parent.mkdir(parents=True)
            self.folder.parent.chmod(0o755)  # whatever the umask: secrets in it are 0600 each
        self.folder.mkdir(exist_ok=True)
        self.owner = owner_of(self.folder)
        self.owner.own(self.folder)
        self.folder.chmod(0o700)

    def _take_lock(self) -> None:
        lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise SettingsError(
                [f"Another inquiry-router runs in {self.folder.parent}: stop it, or choose another DATA_DIR."]
            ) from None
        self._lock = lock

    def _check_ways(self) -> None:
        remedy = "allow it with chmod o+x, or choose another DATA_DIR"
        self.owner.must_enter(self.folder.resolve(), remedy)
        self.owner.must_enter(programs(), "install the product where every user may read, or give DATABASE_URL")

    def _check_version(self) -> None:
        version = self.data / "PG_VERSION"
        found = version.read_text().strip() if version.exists() else MAJOR
        if found != MAJOR:
            raise SettingsError(
                [f"{self.data} is of PostgreSQL {found}, this is {MAJOR}: carry it over, or choose another DATA_DIR."]
            )

    def _initialise(self) -> None:
        unfinished = self.folder / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        self._password.unlink(missing_ok=True)
        descriptor = os.open(self._password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(24))
        self.owner.own(self._password)
        command = [
            str(programs() / "initdb"), "--locale=C.UTF-8", "--encoding=UTF8", "--auth=scram-sha-256",
            f"--username={USER}", f"--pwfile={self._password}", f"--pgdata={unfinished}",
        ]  # fmt: skip
        made = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, cwd=self.folder, check=False, **self.owner.process()
        )
        if made.returncode:
            raise SettingsError([f"PostgreSQL's initdb failed in {self.folder}: {made.stderr.strip()}"])
        unfinished.rename(self.data)

    def _clean(self) -> None:
        self.sockets.mkdir(exist_ok=True)
        self.sockets.chmod(0o700)
        self.owner.own(self.sockets)
        if self.log.exists() and self.log.stat().st_size > _LOG_BYTES:
            self.log.replace(self.log.with_suffix(".1"))
