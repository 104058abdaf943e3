"""Settings: defaults of the contract, every fault at once, no secret in a fault or a log."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shared.errors import SettingsError
from shared.settings import ChannelsFile, Settings, load


def _faults(environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(environ)
    return list(caught.value.faults)


def test_nothing_set_gives_the_defaults_of_the_contract() -> None:
    settings = load({})
    assert settings.data_dir == Path("/var/lib/inquiry-router" if os.geteuid() == 0 else "~/.local/share/inquiry-router").expanduser()  # fmt: skip
    assert settings.mail_dir == settings.data_dir / "mail-in"
    assert settings.database_url is None
    assert settings.log_url == "postgres:"
    assert (settings.http_host, settings.http_port, settings.admin_port, settings.lmtp_port) == ("127.0.0.1", 8080, 8090, 8024)  # fmt: skip
    assert (settings.lmtp_host, settings.trusted_proxies) == ("127.0.0.1", "127.0.0.1")
    assert (settings.demo_traffic, settings.demo_agents, settings.demo_exposed) == (True, True, False)
    assert settings.demo_offer_seconds == 60
    assert (settings.rate_per_key, settings.rate_burst) == (100, 200)
    assert settings.channels is None


def test_services_apart_have_ports_of_their_own_unless_told() -> None:
    assert [(s.http_port, s.admin_port) for s in (load({}, apart=name) for name in ("router", "ingest", "classifier"))] == [(8080, 8090), (8081, 8091), (8082, 8092)]  # fmt: skip
    assert load({"HTTP_PORT": "9000"}, apart="ingest").http_port == 9000


def test_every_field_says_unit_and_reason() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_all_faults_are_told_at_once_and_by_name(tmp_path: Path) -> None:
    faults = _faults(
        {
            "HTTP_PORT": "eighty",
            "ADMIN_PORT": "70000",
            "DATABASE_URL": "mysql://router:hunter2@db/x",
            "LOG_URL": "kafka://router:hunter2@broker:9092",
            "KAFKA_PARTITIONS": "0",
            "KAFKA_SASL_MECHANISM": "GSSAPI",
            "KAFKA_TLS_CA": str(tmp_path / "absent.pem"),
            "DEMO_TRAFFIC": "perhaps",
            "DEMO_OFFER_SECONDS": "1",
            "RATE_PER_KEY": "fast",
            "TRUSTED_PROXIES": "10.0.0.0/8, the proxy",
            "PUBLIC_URL": "shop.example",
            "CHANNELS_FILE": str(tmp_path / "absent.yaml"),
            "DEMO_PASSWORD_FILE": str(tmp_path / "secret"),
        }
    )
    assert sorted(fault.split(":")[0] for fault in faults) == [
        "ADMIN_PORT", "CHANNELS_FILE", "DATABASE_URL", "DEMO_OFFER_SECONDS", "DEMO_PASSWORD_FILE",
        "DEMO_TRAFFIC", "HTTP_PORT", "KAFKA_PARTITIONS", "KAFKA_SASL_MECHANISM", "KAFKA_TLS_CA", "LOG_URL",
        "PUBLIC_URL", "RATE_PER_KEY", "TRUSTED_PROXIES",
    ]  # fmt: skip
    assert "hunter2" not in str(faults)
    assert "got 'eighty'" in str(faults)


def test_two_doors_cannot_share_a_port() -> None:
    assert _faults({"HTTP_PORT": "8090"}) == ["ADMIN_PORT: is 8090, as HTTP_PORT is: choose another"]
    assert load({"HTTP_PORT": "0", "ADMIN_PORT": "0"}).admin_port == 0


def test_a_secret_may_come_from_a_file_but_not_twice(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("postgresql://router:hunter2@db/x\n")
    settings = load({"DATABASE_URL_FILE": str(secret)})
    assert settings.database_url == "postgresql://router:hunter2@db/x"
    assert "hunter2" not in repr(settings)
    assert _faults({"DATABASE_URL_FILE": str(secret), "DATABASE_URL": "postgresql://x"}) == [
        "DATABASE_URL: is given twice, also as DATABASE_URL_FILE"
    ]


def test_an_empty_variable_is_an_unset_one() -> None:
    assert load({"DATABASE_URL": "", "HTTP_PORT": ""}) == load({})


@pytest.mark.parametrize(("given", "meant"), [("off", False), ("no", False), ("0", False), ("on", True), ("yes", True)])
def test_switches_take_the_words_that_people_use(given: str, meant: bool) -> None:
    assert load({"DEMO_AGENTS": given}).demo_agents is meant


@pytest.mark.parametrize("given", ["postgres:", "kafka://one:9092", "kafka://one:9092,10.0.0.2:19092,[::1]:9092"])
def test_the_log_is_in_the_database_or_on_brokers(given: str) -> None:
    assert load({"LOG_URL": given}).log_url == given


@pytest.mark.parametrize(
    "given", ["kafka://", "kafka://one", "kafka://one:9092/x", "kafka://one:9092,", "nats://one:1"]
)
def test_a_log_that_cannot_be_is_refused(given: str) -> None:
    assert _faults({"LOG_URL": given}) == ["LOG_URL: must be postgres: or kafka://host:port,host:port"]


def test_what_brokers_want_to_see_is_given_whole(tmp_path: Path) -> None:
    file = tmp_path / "pem"
    file.write_text("x")
    assert _faults({"KAFKA_TLS_CA": str(file), "KAFKA_USERNAME": "router"}) == [
        "KAFKA_TLS_CA: needs KAFKA_TLS=yes",
        "KAFKA_SASL_MECHANISM, KAFKA_USERNAME, KAFKA_PASSWORD: each needs the others",
    ]
    assert _faults({"KAFKA_TLS": "yes", "KAFKA_TLS_CERT": str(file)}) == [
        "KAFKA_TLS_CERT, KAFKA_TLS_KEY: one needs the other"
    ]
    whole = {"KAFKA_SASL_MECHANISM": "SCRAM-SHA-512", "KAFKA_USERNAME": "router", "KAFKA_PASSWORD_FILE": str(file)}
    assert load(whole).kafka_password == "x"


@pytest.mark.parametrize(("given", "rate", "burst"), [("50/s", 50, 100), ("0.5", 0.5, 1)])
def test_a_rate_is_a_number_a_second(given: str, rate: float, burst: int) -> None:
    settings = load({"RATE_PER_KEY": given})
    assert (settings.rate_per_key, settings.rate_burst) == (rate, burst)


def test_the_channels_file_is_read_with_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "channels.yaml"
    file.write_text(
        "mail: [{address: info@shop.example, name: Information}, {address: repair@shop.example}]\n"
        "chat: [{site: shop, origins: ['https://shop.example']}]\n"
    )
    channels = load({"CHANNELS_FILE": str(file)}).channels
    assert channels is not None
    assert [(mail.address, mail.name) for mail in channels.mail] == [
        ("info@shop.example", "Information"),
        ("repair@shop.example", None),
    ]
    assert (channels.chat[0].site, channels.chat[0].origins) == ("shop", ["https://shop.example"])


def test_an_empty_channels_file_opens_no_door(tmp_path: Path) -> None:
    file = tmp_path / "channels.yaml"
    file.write_text("")
    assert load({"CHANNELS_FILE": str(file)}).channels == ChannelsFile()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"mail: [", "is not YAML"),
        (b"\xff\xfe\xff", "not UTF-8"),
        (b"fax: []", "fax"),
        (b"mail: [{address: nobody}]\nchat: [{origins: 3}]", "mail.0.address"),
        (b"- 1", "the file"),
    ],
)
def test_a_wrong_channels_file_is_told_with_its_place(tmp_path: Path, content: bytes, told: str) -> None:
    file = tmp_path / "channels.yaml"
    file.write_bytes(content)
    faults = _faults({"CHANNELS_FILE": str(file), "HTTP_PORT": "x"})
    assert all(fault.startswith(("CHANNELS_FILE", "HTTP_PORT")) for fault in faults)
    assert told in str(faults)
    assert any(fault.startswith("HTTP_PORT") for fault in faults)
