"""The broker of the tests: it keeps what it was given through a kill, loses it by a wipe, and says what it lacks."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from bench.broker import Broker, Jars, Missing, prepared

pytestmark = pytest.mark.system


def test_a_killed_broker_comes_back_on_its_port_and_a_wiped_one_too(broker: Broker) -> None:
    broker.start()
    first = broker.process
    broker.kill()
    assert not _accepts(broker)
    broker.start()
    assert _accepts(broker)
    assert broker.process is not first
    broker.wipe()
    assert not _accepts(broker)
    broker.start()
    assert _accepts(broker)


def test_a_frozen_broker_can_be_stopped(broker: Broker) -> None:
    broker.start()
    broker.freeze()
    broker.stop()
    assert not _accepts(broker)


def test_a_broker_that_cannot_start_says_its_last_words(kafka_jars: Jars, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"num\.io\.threads"):
        Broker(tmp_path, jars=kafka_jars, further="num.io.threads=none").start()


def test_a_machine_without_java_is_told_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Missing, match="java and mvn not found"):
        prepared()


def test_a_folder_without_jars_is_told_what_maven_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "mvn").write_text("#!/bin/sh\necho no such artifact >&2\nexit 1\n")
    (tmp_path / "bin" / "mvn").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    with pytest.raises(Missing, match="no such artifact"):
        prepared(tmp_path / "cache")


def _accepts(broker: Broker) -> bool:
    try:
        socket.create_connection(("127.0.0.1", broker.port), 1).close()
    except OSError:
        return False
    return True
