"""Every way into a broker that we offer, and every refusal told from an absent broker."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bench.broker import Broker, Jars
from bench.broker.security import LISTENERS, PASSWORD, USER, USERS, certify, properties
from shared.errors import LogUnavailable, SettingsError
from shared.eventlog.kafka.options import Access
from tests.conftest import KAFKA_BOOTSTRAP
from tests.shared.eventlog.conftest import World
from tests.shared.eventlog.kafka.conftest import collect

pytestmark = pytest.mark.system


@dataclass(frozen=True)
class Doors:
    broker: Broker
    files: Path

    def access(self, door: str, mechanism: str | None = None, *, certified: bool = False) -> Access:
        access = Access(f"127.0.0.1:{self.broker.listeners[door]}")
        if mechanism is not None:
            access = replace(access, mechanism=mechanism, username=USER, password=PASSWORD)
        if door.endswith("TLS"):
            access = replace(access, tls=True, authority=self.files / "ca.pem")
        if certified:
            access = replace(access, certificate=self.files / "client.pem", key=self.files / "client.key")
        return access


@pytest.fixture(scope="module")
def doors(kafka_jars: Jars, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    if KAFKA_BOOTSTRAP or shutil.which("openssl") is None:
        pytest.skip("needs a broker of its own and openssl")
    files = tmp_path_factory.mktemp("certificates")
    certify(files)
    folder = tmp_path_factory.mktemp("broker")
    broker = Broker(folder, jars=kafka_jars, listeners=LISTENERS, further=properties(files), users=USERS)
    try:
        broker.start()
        yield Doors(broker, files)
    finally:
        broker.kill()


@pytest.mark.parametrize(
    ("door", "mechanism", "certified"),
    [
        ("PLAIN", "PLAIN", False),
        ("SCRAM", "SCRAM-SHA-256", False),
        ("SCRAM", "SCRAM-SHA-512", False),
        ("TLS", None, False),
        ("MTLS", None, True),
        ("SCRAMTLS", "SCRAM-SHA-256", False),
    ],
)
async def test_a_record_goes_through(
    doors: Doors, logs: Any, stream: str, door: str, mechanism: str | None, certified: bool
) -> None:
    log = logs("", access=doors.access(door, mechanism, certified=certified))
    await log.publish(stream, [World.event("key", 1)])
    assert await collect(await log.subscribe(stream, "readers"), lambda seen: len(seen) == 1) == {("key", 1)}


@pytest.mark.parametrize("door", ["PLAIN", "SCRAM", "SCRAMTLS"])
async def test_a_wrong_password_is_told(doors: Doors, logs: Any, stream: str, door: str) -> None:
    access = replace(doors.access(door, "PLAIN" if door == "PLAIN" else "SCRAM-SHA-256"), password="wrong")
    told = await _told(logs, access, stream)
    assert re.fullmatch(r"127\.0\.0\.1:\d+ refuses our credentials \(.*[Aa]uthentication failed.*\)", told), told
    assert "wrong" not in told


async def test_a_mechanism_that_the_broker_does_not_know_is_told(doors: Doors, logs: Any, stream: str) -> None:
    access = replace(doors.access("SCRAM", "PLAIN"))
    assert "refuses our credentials" in await _told(logs, access, stream)


async def test_a_broker_that_nobody_vouches_for_is_told(doors: Doors, logs: Any, stream: str) -> None:
    access = replace(doors.access("TLS"), authority=doors.files / "stranger.pem")
    assert "cannot be trusted, or does not trust us (CERTIFICATE_VERIFY_FAILED)" in await _told(logs, access, stream)


async def test_a_missing_certificate_of_ours_is_told(doors: Doors, logs: Any, stream: str) -> None:
    told = await _told(logs, doors.access("MTLS"), stream)
    assert "does not trust us" in told or "cannot be reached" in told, told


@pytest.mark.parametrize("door", ["TLS", "SCRAM"])
async def test_speaking_plainly_where_more_is_wanted_ends_in_time(
    doors: Doors, logs: Any, stream: str, door: str
) -> None:
    told = await _told(logs, Access(f"127.0.0.1:{doors.broker.listeners[door]}"), stream)
    assert f"{doors.broker.listeners[door]} " in told, told


async def test_files_that_are_no_certificates_are_a_wrong_setting(doors: Doors) -> None:
    access = replace(doors.access("TLS"), authority=doors.files / "names")
    with pytest.raises(SettingsError, match=r"KAFKA_TLS: .*names cannot be used"):
        access.client()


async def _told(logs: Any, access: Access, stream: str) -> str:
    with pytest.raises(LogUnavailable) as caught:
        await logs("", access=access, watched=False).publish(stream, [World.event("key", 1)])
    return str(caught.value)
