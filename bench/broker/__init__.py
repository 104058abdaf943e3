"""A real Kafka from nothing but Java and Maven: one broker or three, to be started, frozen, killed and wiped.

``prepared()`` fetches the jars once a machine and warms them up; ``Broker`` is ready a second after ``start``.
"""

from bench.broker.broker import Broker
from bench.broker.cluster import Cluster
from bench.broker.jars import Jars, Missing, prepared

__all__ = ["Broker", "Cluster", "Jars", "Missing", "prepared"]
