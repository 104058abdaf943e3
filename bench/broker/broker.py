"""One broker as a process of its own: started, frozen, killed, wiped; its port is its own throughout."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.broker import properties
from bench.broker.jars import Jars, prepared
from bench.broker.ports import free_port, wait_for_port

_READY_SECONDS = 30.0
_STOP_SECONDS = 30.0
_LAST_WORDS = 3_000


class Broker:
    """``folder`` is its own. ``further`` lines are added to its properties; ``listeners`` are more doors by name."""

    def __init__(
        self,
        folder: Path,
        *,
        jars: Jars | None = None,
        node: int = 1,
        controllers: Mapping[int, int] | None = None,
        listeners: Sequence[str] = (),
        further: str = "",
        users: Sequence[str] = (),
    ) -> None:
        self._jars = jars or prepared()
        self._folder = folder
        self._controllers = controllers or {node: free_port()}
        self._users = users
        self._node = node
        self.port = free_port()
        self.listeners = {name: free_port() for name in listeners}
        folder.mkdir(parents=True, exist_ok=True)
        config = properties.server(node=node, port=self.port, controllers=self._controllers, listeners=self.listeners)
        self._config = folder / "server.properties"
        self._config.write_text(f"{config}{further}\nlog.dirs={folder / 'data'}\n")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """Where clients find it."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Run, and return as soon as clients are served.

        Raises:
            RuntimeError: it ended, or was not ready in time; carries its last words.
        """
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        """Run, without waiting; a broker without data begins with an empty log."""
        data = self._folder / "data"
        if not data.exists():
            identity = properties.identity(node=self._node, nodes=len(self._controllers))
            shutil.copytree(self._jars.formatted(identity, users=self._users), data)
        command = self._jars.server(self._config, log=self._folder / "kafka.log")
        with (self._folder / "out.log").open("ab") as out:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )

    def wait_until_ready(self) -> None:
        """Return as soon as clients are served.

        Raises:
            RuntimeError: see ``start``.
        """
        assert self.process is not None
        try:
            wait_for_port(self.port, self.process, seconds=_READY_SECONDS)
        except TimeoutError as error:
            self.kill()
            raise RuntimeError(f"broker not ready: {self.last_words()}") from error

    def kill(self) -> None:
        """SIGKILL; what is on its disk stays."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """SIGTERM, as an operator would; frozen or not, it is gone afterwards."""
        if self.process is not None and self.process.poll() is None:
            self.thaw()
            self.process.terminate()
            try:
                self.process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()

    def freeze(self) -> None:
        """SIGSTOP: connections stand, nobody answers."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)

    def wipe(self) -> None:
        """Kill it and lose its disk: the next start is a new, empty log with the same cluster id."""
        self.kill()
        shutil.rmtree(self._folder / "data", ignore_errors=True)

    def last_words(self) -> str:
        """The end of what it said."""
        files = [self._folder / name for name in ("out.log", "kafka.log")]
        return "\n".join(file.read_text(errors="replace")[-_LAST_WORDS:] for file in files if file.exists())
