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
from tests.deploy.files import ROOT, compose, only, stages

COMPOSE = compose()
CONTAINERS: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: each for name, each in CONTAINERS.items() if "build" in each}
BEFORE, *_, FINAL = stages()
EXACT = r"[a-z/-]+:\d+\.\d+(\.\d+)?(-[a-z0-9.]+)*"
SECRETS = {field.upper() for field, info in Settings.model_fields.items() if info.json_schema_extra}

every_container = pytest.mark.parametrize("name", CONTAINERS)
each_of_ours = pytest.mark.parametrize("name", OURS)


def test_each_service_has_a_container() -> None:
    commands = [each["command"] for each in OURS.values()]
    assert [service for service in ALL if ["serve", service] not in commands] == []


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
    elif name in OURS:
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


@each_of_ours
def test_its_command_is_one_of_the_command_line(name: str) -> None:
    command: Any = typer.main.get_command(app)
    word, *rest = CONTAINERS[name]["command"]
    command.commands[word].make_context(word, rest)


@each_of_ours
def test_each_variable_is_a_setting(name: str) -> None:
    secrets = {f"{secret}_FILE" for secret in SECRETS}
    known = {field.upper() for field in Settings.model_fields} - {"CHANNELS"} | secrets
    assert CONTAINERS[name]["environment"].keys() <= known


@each_of_ours
def test_its_data_folder_is_its_own_and_the_mail_is_kept(name: str) -> None:
    container = CONTAINERS[name]
    environment = container["environment"]
    assert environment["DATA_DIR"] in [folder.partition(":")[0] for folder in container["tmpfs"]], "replicas share none"
    if "MAIL_DIR" in environment:
        assert f"mail:{environment['MAIL_DIR']}" in container["volumes"]
        assert "mail" in COMPOSE["volumes"]


@each_of_ours
def test_it_starts_on_a_migrated_database(name: str) -> None:
    waits = {"postgres": "service_healthy"} if name == "migrate" else {"migrate": "service_completed_successfully"}
    assert {other: each["condition"] for other, each in CONTAINERS[name]["depends_on"].items()} == waits


def test_only_the_proxy_can_be_reached_and_by_default_only_from_this_machine() -> None:
    assert [name for name, each in CONTAINERS.items() if "ports" in each] == ["proxy"]
    assert CONTAINERS["proxy"]["ports"] == ["${PUBLISH:-127.0.0.1:8080}:8080"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert {name for name, each in CONTAINERS.items() if each["networks"] != ["inside"]} == {"proxy"}


@every_container
def test_no_secret_is_in_its_environment(name: str) -> None:
    environment = CONTAINERS[name].get("environment", {})
    given = {key: value for key, value in environment.items() if re.search("PASSWORD|SECRET|TOKEN|KEY|URL_FILE", key)}
    assert environment.keys().isdisjoint(SECRETS)
    assert all(key.endswith("_FILE") for key in given)
    assert set(given.values()) == {f"/run/secrets/{secret}" for secret in CONTAINERS[name].get("secrets", [])}


def test_secrets_are_files_that_neither_git_nor_an_image_takes_in() -> None:
    for secret in COMPOSE["secrets"].values():
        assert subprocess.run(["git", "check-ignore", "-q", secret["file"]], cwd=ROOT, check=False).returncode == 0
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert rules[0] == "*", "what may come in is named"
    assert [rule for rule in rules if rule.startswith("!deploy")] == ["!deploy/healthcheck.py"]


@pytest.mark.parametrize(
    "file", ["docker-compose.yml", "deploy/Dockerfile", "deploy/nginx.conf", "deploy/channels.yaml"]
)
def test_no_file_holds_a_secret(file: str) -> None:
    assert re.findall(r"://[^/\s]+:[^/\s]+@", (ROOT / file).read_text()) == []


def test_the_image_is_made_from_an_exact_base_by_exact_tools() -> None:
    (base,) = (each.argument for each in BEFORE)
    assert re.fullmatch(f"PYTHON_IMAGE={EXACT}", base)
    assert base.startswith("PYTHON_IMAGE=python:3.11.")
    assert [only("FROM", stage).argument for stage in stages()[1:]] == ["${PYTHON_IMAGE} AS builder", "${PYTHON_IMAGE}"]
    (_, builder, _) = stages()
    assert re.fullmatch(r"UV_VERSION=\d+\.\d+\.\d+", only("ARG", builder).argument)
    assert any("--require-hashes" in each.argument for each in builder)


def test_the_image_has_the_version_of_the_package() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert {each["image"] for each in OURS.values()} == {f"inquiry-router:{version}"}


def test_the_image_holds_the_built_product_and_runs_it_without_rights() -> None:
    copied = [each.argument for each in FINAL if each.name in {"COPY", "ADD"}]
    assert [each for each in copied if not each.startswith(("--from=builder /app ", "deploy/healthcheck.py "))] == []
    assert only("USER", FINAL).argument == CONTAINERS["router"]["user"]
    last_root_step = max(number for number, each in enumerate(FINAL) if each.name in {"RUN", "COPY"})
    assert FINAL.index(only("USER", FINAL)) > last_root_step
    assert only("ENTRYPOINT", FINAL).words == ["inquiry-router"]
