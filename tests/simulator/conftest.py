"""One server for all simulated worlds of the session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bench.simulator.cluster import Cluster, own_cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with own_cluster() as cluster:
        yield cluster
