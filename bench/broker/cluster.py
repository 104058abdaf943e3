"""Three brokers that are one log: every stream three times, two must have a record before it counts."""

from __future__ import annotations

from pathlib import Path

from bench.broker.broker import Broker
from bench.broker.jars import Jars, prepared
from bench.broker.ports import free_port

_NODES = (1, 2, 3)


class Cluster:
    """Three brokers in ``folder``; each can be killed and started by itself."""

    def __init__(self, folder: Path, *, jars: Jars | None = None) -> None:
        jars = jars or prepared()
        controllers = {node: free_port() for node in _NODES}
        self.brokers = {
            node: Broker(folder / str(node), jars=jars, node=node, controllers=controllers) for node in _NODES
        }

    @property
    def bootstrap(self) -> str:
        """Where clients find them, whoever lives."""
        return ",".join(broker.bootstrap for broker in self.brokers.values())

    def start(self) -> None:
        """Run all three, and return as soon as each serves clients.

        Raises:
            RuntimeError: one was not ready in time; carries its last words.
        """
        for broker in self.brokers.values():
            broker.launch()
        for broker in self.brokers.values():
            broker.wait_until_ready()

    def kill(self) -> None:
        """SIGKILL all three."""
        for broker in self.brokers.values():
            broker.kill()
