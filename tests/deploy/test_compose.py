"""The rules that the containers keep, read from compose file and Dockerfile; no engine is needed."""

from __future__ import annotations

import re
import subprocess
import tomllib
from typing import Any

import pytest
import typer

from services.bootstrap import ALL
from services.cli import app
from shared.settings import Settings
from tests.architecture.documents import is_sound_compose
from tests.deploy.files import ROOT, compose, only, stages

COMPOSE = compose()
CONTAINERS: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: each for name, each in CONTAINERS.items() if "build" in each}
SERVICES = {name: each for name, each in OURS.items() if "entrypoint" not in each}
BEFORE, *_, FINAL = stages()
EXACT = r"[a-z/-]+:v?\d+\.\d+(\.\d+)?(-[a-z0-9.]+)*"
IMAGE = "${PYTHON_IMAGE}${PYTHON_DIGEST}"
SECRETS = {field.upper() for field, info in Settings.model_fields.items() if info.json_schema_extra}

every_container = pytest.mark.parametrize("name", CONTAINERS)
each_of_ours = pytest.mark.parametrize("name", OURS)
each_service = pytest.mark.parametrize("name", SERVICES)


def test_each_service_has_a_container() -> None:
    commands = [each["command"] for each in OURS.values()]
    assert [service for service in ALL if ["serve", service] not in commands] == []


def test_classifiers_and_routers_are_two() -> None:
    replicas = {name: each["deploy"]["replicas"] for name, each in CONTAINERS.items() if "deploy" in each}
    assert replicas == {"classifier": 2, "router": 2}


def test_the_file_is_sound_by_the_specification() -> None:
    assert is_sound_compose((ROOT / "docker-compose.yml").read_text("utf-8"))


@pytest.mark.parametrize(
    ("sound", "broken"),
    [
        ("cap_drop: [ALL]", "cap_drop: ALL"),
        ("mem_limit: 512m", "memory_limit: 512m"),
        ("condition: service_healthy", "condition: service_rich"),
        ("retries: 12", "retries: [12]"),
    ],
)
def test_a_broken_file_is_not(sound: str, broken: str) -> None:
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    assert sound in text
    assert not is_sound_compose(text.replace(sound, broken, 1))


@every_container
def test_it_runs_as_a_user_with_no_rights(name: str) -> None:
    container = CONTAINERS[name]
    user, group = container["user"].split(":")
    assert int(user) > 0
    assert int(group) > 0
    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"], "and nothing that loosens seccomp"
    assert container.keys().isdisjoint({"privileged", "cap_add", "devices", "pid", "ipc", "userns_mode"})


@every_container
def test_its_root_is_read_only(name: str) -> None:
    assert CONTAINERS[name]["read_only"] is True
    assert all("size=" in folder for folder in CONTAINERS[name]["tmpfs"]), "memory that cannot run full of files"


@every_container
def test_it_has_limits(name: str) -> None:
    assert re.fullmatch(r"\d+[mg]", CONTAINERS[name]["mem_limit"])
    assert 0 < CONTAINERS[name]["pids_limit"] <= 500


@every_container
def test_its_health_is_asked_for(name: str) -> None:
    container = CONTAINERS[name]
    if container["restart"] == "no":
        assert container["healthcheck"] == {"disable": True}, "it ends"
    elif name in SERVICES:
        assert "healthcheck.py" in only("HEALTHCHECK", FINAL).argument
        assert "healthcheck" not in container
    else:
        assert container["healthcheck"]["test"][0] == "CMD"


@every_container
def test_its_image_has_an_exact_tag(name: str) -> None:
    assert re.fullmatch(EXACT, CONTAINERS[name]["image"])


@every_container
def test_it_has_the_time_to_stop(name: str) -> None:
    if name in OURS:
        assert int(CONTAINERS[name]["stop_grace_period"].removesuffix("s")) > 10, "the contract's"


@each_service
def test_its_command_is_one_of_the_command_line(name: str) -> None:
    command: Any = typer.main.get_command(app)
    word, *rest = CONTAINERS[name]["command"]
    command.commands[word].make_context(word, rest)


@each_of_ours
def test_each_variable_is_a_setting(name: str) -> None:
    secrets = {f"{secret}_FILE" for secret in SECRETS}
    known = {field.upper() for field in Settings.model_fields} - {"CHANNELS"} | secrets
    assert CONTAINERS[name]["environment"].keys() <= known


@each_service
def test_its_data_folder_is_its_own_and_the_mail_is_kept(name: str) -> None:
    container = CONTAINERS[name]
    environment = container["environment"]
    assert environment["DATA_DIR"] in [folder.partition(":")[0] for folder in container["tmpfs"]], "replicas share none"
    if "MAIL_DIR" in environment:
        assert f"mail:{environment['MAIL_DIR']}" in container["volumes"]
        assert "mail" in COMPOSE["volumes"]


@each_service
def test_it_starts_on_a_migrated_database(name: str) -> None:
    waits = {"postgres": "service_healthy"} if name == "migrate" else {"migrate": "service_completed_successfully"}
    assert {other: each["condition"] for other, each in CONTAINERS[name]["depends_on"].items()} == waits


def test_only_the_proxy_can_be_reached_and_by_default_only_from_this_machine() -> None:
    by_default = {name: each for name, each in CONTAINERS.items() if "profiles" not in each}
    assert [name for name, each in by_default.items() if "ports" in each] == ["proxy"]
    published = [port for each in CONTAINERS.values() for port in each.get("ports", [])]
    assert [port for port in published if not re.fullmatch(r"\$\{\w+:-127\.0\.0\.1:\d+\}:\d+", port)] == []
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert {name for name, each in by_default.items() if each["networks"] != ["inside"]} == {"proxy"}


def test_what_is_there_to_try_is_not_started_unless_asked_for() -> None:
    assert {name: each["profiles"] for name, each in CONTAINERS.items() if "profiles" in each} == {
        "mail-server": ["try"]
    }


def test_no_service_waits_for_the_log() -> None:
    assert [name for name, each in SERVICES.items() if "kafka" in each["depends_on"]] == []
    assert {each["environment"]["LOG_URL"] for each in SERVICES.values()} == {"${LOG_URL:-kafka://kafka:9092}"}


def test_the_broker_is_of_the_version_that_the_tests_run() -> None:
    (version,) = re.findall(r"kafka_2.13</artifactId><version>([\d.]+)<", (ROOT / "bench/broker/pom.xml").read_text())
    assert CONTAINERS["kafka"]["image"] == f"apache/kafka:{version}"


@every_container
def test_no_secret_is_in_its_environment(name: str) -> None:
    environment = CONTAINERS[name].get("environment", {})
    given = {key: value for key, value in environment.items() if re.search("PASSWORD|SECRET|TOKEN|KEY|URL_FILE", key)}
    assert environment.keys().isdisjoint(SECRETS - {"LOG_URL"})
    assert "@" not in environment.get("LOG_URL", "")
    assert all(key.endswith("_FILE") for key in given)
    assert set(given.values()) == {f"/run/secrets/{secret}" for secret in CONTAINERS[name].get("secrets", [])}


def test_secrets_are_files_that_neither_git_nor_an_image_takes_in() -> None:
    for secret in COMPOSE["secrets"].values():
        assert subprocess.run(["git", "check-ignore", "-q", secret["file"]], cwd=ROOT, check=False).returncode == 0
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert rules[0] == "*", "what may come in is named"
    assert [rule for rule in rules if rule.startswith("!deploy")] == [
        "!deploy/healthcheck.py",
        "!deploy/mail_server.py",
    ]


@pytest.mark.parametrize(
    "file",
    [
        "docker-compose.yml",
        *(f"deploy/{name}" for name in ("Dockerfile", "nginx.conf", "channels.yaml", "kafka.properties")),
    ],
)
def test_no_file_holds_a_secret(file: str) -> None:
    assert re.findall(r"://[^/\s]+:[^/\s]+@", (ROOT / file).read_text()) == []


def test_the_image_is_made_from_an_exact_base_by_exact_tools() -> None:
    base, digest = (each.argument for each in BEFORE)
    assert digest == "PYTHON_DIGEST=", "set at release"
    assert re.fullmatch(f"PYTHON_IMAGE={EXACT}", base)
    assert base.startswith("PYTHON_IMAGE=python:3.11.")
    assert [only("FROM", stage).argument for stage in stages()[1:]] == [f"{IMAGE} AS builder", IMAGE]
    (_, builder, _) = stages()
    assert re.fullmatch(r"UV_VERSION=\d+\.\d+\.\d+", only("ARG", builder).argument)
    assert any("--require-hashes" in each.argument for each in builder)


def test_the_image_has_the_version_of_the_package() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert {each["image"] for each in OURS.values()} == {f"inquiry-router:{version}"}


def test_the_image_holds_the_built_product_and_runs_it_without_rights() -> None:
    copied = [each.argument for each in FINAL if each.name in {"COPY", "ADD"}]
    assert [
        each
        for each in copied
        if not each.startswith(("--from=builder /app ", "deploy/healthcheck.py deploy/mail_server.py "))
    ] == []
    assert only("USER", FINAL).argument == CONTAINERS["router"]["user"]
    last_root_step = max(number for number, each in enumerate(FINAL) if each.name in {"RUN", "COPY"})
    assert FINAL.index(only("USER", FINAL)) > last_root_step
    assert only("ENTRYPOINT", FINAL).words == ["inquiry-router"]
