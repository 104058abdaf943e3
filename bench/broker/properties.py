"""What stands in a broker's ``server.properties``; later lines win over earlier ones."""

from __future__ import annotations

from collections.abc import Mapping

CLUSTER_ID = "AAAAAAAAAAAAAAAAAAAAAQ"

_QUICK = """\
auto.create.topics.enable=false
offsets.topic.num.partitions=1
transaction.state.log.num.partitions=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
num.network.threads=2
num.io.threads=2
log.cleaner.dedupe.buffer.size=2097152
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=250
controller.quorum.fetch.timeout.ms=1000
controller.quorum.election.timeout.ms=500
"""
"""Small, and short of patience: a broker that was killed is back in four seconds instead of thirteen."""


def identity(*, node: int, nodes: int) -> str:
    """What a data folder is formatted for: which node of how many; ports are free to change."""
    voters = ",".join(f"{number}@127.0.0.1:{number}" for number in range(1, nodes + 1))
    return (
        f"process.roles=broker,controller\nnode.id={node}\ncontroller.quorum.voters={voters}\n"
        "listeners=PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.1:2\ncontroller.listener.names=CONTROLLER\n"
    )


def server(*, node: int, port: int, controllers: Mapping[int, int], listeners: Mapping[str, int] | None = None) -> str:
    """A node that serves clients on ``port``, and further named ``listeners`` on their ports."""
    copies = min(3, len(controllers))
    doors = {"PLAINTEXT": port} | dict(listeners or {})
    advertised = ",".join(f"{name}://127.0.0.1:{number}" for name, number in doors.items())
    voters = ",".join(f"{number}@127.0.0.1:{own}" for number, own in controllers.items())
    return f"""\
process.roles=broker,controller
node.id={node}
controller.quorum.voters={voters}
listeners={advertised},CONTROLLER://127.0.0.1:{controllers[node]}
advertised.listeners={advertised}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
offsets.topic.replication.factor={copies}
transaction.state.log.replication.factor={copies}
transaction.state.log.min.isr={max(1, copies - 1)}
min.insync.replicas={max(1, copies - 1)}
{_QUICK}"""
