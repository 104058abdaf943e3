"""The broker's jars from Maven, its class-data archive and formatted data folders: made once, kept in a cache.

The cache is named after what it was made from (the pom and the Java version), so that it is never stale; who makes it
holds a lock, so that two test runs that begin together do it once.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.broker import properties
from bench.broker.ports import free_port, wait_for_port

HERE = Path(__file__).parent
LOG4J = HERE / "log4j2.properties"
LEAN = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""Starts in half the time and, on two cores, is faster than what Java takes by default."""
_DOWNLOAD_SECONDS = 300
_FORMAT_SECONDS = 60
_WARM_UP_SECONDS = 60


class Missing(RuntimeError):
    """No broker can run on such a machine; says what it lacks."""


@dataclass(frozen=True)
class Jars:
    """A folder with everything that a start needs."""

    folder: Path

    @property
    def classpath(self) -> str:
        """Explicit and sorted: the class-data archive is tied to this very string."""
        return ":".join(str(path) for path in sorted((self.folder / "libs").glob("*.jar")))

    def java(self, *options: str) -> list[str]:
        """The beginning of a command; the class comes next."""
        return ["java", *LEAN, *options, "-cp", self.classpath]

    def server(self, config: Path, *, log: Path, options: Sequence[str] = ()) -> list[str]:
        """The command of a broker."""
        archive = self.folder / "kafka.jsa"
        shared = [f"-XX:SharedArchiveFile={archive}"] if archive.exists() else []
        told = [f"-Dlog4j2.configurationFile={LOG4J}", f"-Dkafka.log.file={log}"]
        return [*self.java(*shared, *options, *told), "kafka.Kafka", str(config)]

    def formatted(self, config: str, *, users: Sequence[str] = ()) -> Path:
        """A data folder to be copied, formatted for ``config`` (node, voters) and the SCRAM ``users``.

        Raises:
            Missing: it cannot be formatted.
        """
        name = hashlib.sha256("\n".join([config, *users]).encode()).hexdigest()[:16]
        place = self.folder / "formatted" / name
        with _alone(self.folder):
            if not place.exists():
                self._format(place, config, users)
        return place

    def _format(self, place: Path, config: str, users: Sequence[str]) -> None:
        place.parent.mkdir(exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=self.folder))
        try:
            file = work / "server.properties"
            file.write_text(f"{config}log.dirs={work / 'data'}\n")
            added = [part for user in users for part in ("--add-scram", user)]
            command = [*self.java(), "kafka.tools.StorageTool", "format", "-t", properties.CLUSTER_ID]
            _run([*command, "-c", str(file), *added], seconds=_FORMAT_SECONDS)
            (work / "data").rename(place)
        finally:
            shutil.rmtree(work, ignore_errors=True)


def prepared(cache: Path | None = None) -> Jars:
    """The jars, ready for use: at once if they are in ``cache``, else within half a minute.

    Raises:
        Missing: no Java, no Maven, or nothing to download from.
    """
    missing = [tool for tool in ("java", "mvn") if shutil.which(tool) is None]
    if missing:
        raise Missing(f"{' and '.join(missing)} not found")
    version = subprocess.run(["java", "-version"], capture_output=True, check=True).stderr
    made_from = hashlib.sha256((HERE / "pom.xml").read_bytes() + version).hexdigest()[:16]
    folder = (cache or _cache()) / f"kafka-{made_from}"
    folder.mkdir(parents=True, exist_ok=True)
    jars = Jars(folder)
    with _alone(folder):
        if not (folder / "libs").exists():
            _download(folder)
    if not (folder / "kafka.jsa").exists():
        _warm_up(jars)
    return jars


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "inquiry-router"


def _download(folder: Path) -> None:
    work = Path(tempfile.mkdtemp(dir=folder))
    try:
        command = ["mvn", "-q", "-B", "-f", str(HERE / "pom.xml"), "dependency:copy-dependencies"]
        _run([*command, "-DincludeScope=runtime", f"-DoutputDirectory={work / 'libs'}"], seconds=_DOWNLOAD_SECONDS)
        (work / "libs").rename(folder / "libs")
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _warm_up(jars: Jars) -> None:
    """Start a broker once to learn which classes it loads; a start takes half the time from then on."""
    own, controller = free_port(), free_port()
    config = properties.server(node=1, port=own, controllers={1: controller})
    data = jars.formatted(properties.identity(node=1, nodes=1))
    with _alone(jars.folder):
        if (jars.folder / "kafka.jsa").exists():
            return
        work = Path(tempfile.mkdtemp(dir=jars.folder))
        try:
            shutil.copytree(data, work / "data")
            file = work / "server.properties"
            file.write_text(f"{config}log.dirs={work / 'data'}\n")
            command = jars.server(file, log=work / "kafka.log", options=[f"-XX:ArchiveClassesAtExit={work / 'a.jsa'}"])
            with (work / "out.log").open("wb") as out:
                process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
                )
            try:
                wait_for_port(own, process, seconds=_WARM_UP_SECONDS)
                process.send_signal(signal.SIGTERM)
                process.wait(_WARM_UP_SECONDS)
                (work / "a.jsa").rename(jars.folder / "kafka.jsa")
            finally:
                process.kill()
                process.wait()
        finally:
            shutil.rmtree(work, ignore_errors=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(command: Sequence[str], *, seconds: float) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=seconds, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired as error:
        raise Missing(f"{command[0]} did not end within {seconds:.0f} s") from error
    except subprocess.CalledProcessError as error:
        told = (error.stdout + error.stderr).decode(errors="replace").strip()
        raise Missing(f"{command[0]} failed: {told[-500:]}") from error
