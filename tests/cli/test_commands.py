"""The command line as scripts see it: exit codes, and sentences on the error output."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).with_name("inquiry-router")
RULES = Path("services/demo/rules.yaml")


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *words], env={"PATH": "/usr/bin:/bin", **environment}, capture_output=True, text=True, check=False
    )


def test_good_rules_pass():
    assert run("rules", "check", str(RULES)).returncode == 0


def test_every_fault_of_a_rule_file_is_told_with_its_line(tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text("format: 1\nqueues: {a: {offer_seconds: 1}}\nrules:\n  - {id: x, then: {queue: nowhere}}\n")
    told = run("rules", "check", str(bad))
    assert told.returncode == 1
    assert "line 2" in told.stderr
    assert "line 4" in told.stderr


def test_a_wrong_use_is_told_apart_from_faults():
    assert run("rules", "check", "no-such-file.yaml").returncode == 2


def test_every_wrong_setting_is_told_at_once():
    told = run("up", HTTP_PORT="many", DEMO_OFFER_SECONDS="1", DATA_DIR="/tmp/nowhere-at-all")
    assert told.returncode == 2
    assert "HTTP_PORT" in told.stderr
    assert "DEMO_OFFER_SECONDS" in told.stderr


def test_a_service_apart_needs_a_database():
    told = run("serve", "router", DATA_DIR="/tmp/nowhere-at-all")
    assert told.returncode == 2
    assert "DATABASE_URL" in told.stderr


@pytest.mark.parametrize("group", [(), ("rules",), ("model",), ("users",), ("keys",), ("quarantine",)])
def test_help_is_there(group):
    assert "Usage" in run(*group, "--help").stdout


def test_users_and_keys_are_made_listed_and_ended(database_url, tmp_path):
    settings = {"DATABASE_URL": database_url, "DATA_DIR": str(tmp_path)}
    added = subprocess.run(
        [COMMAND, "users", "add", "maria", "--role", "agent", "--language", "de"],
        env={"PATH": "/usr/bin:/bin", **settings},
        input="a-good-password\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert added.returncode == 0, added.stderr
    assert "maria" in run("users", "list", **settings).stdout
    assert run("users", "disable", "maria", **settings).returncode == 0
    assert "disabled" in run("users", "list", **settings).stdout
    secret = run("keys", "create", "web shop", **settings).stdout.strip()
    listed = run("keys", "list", **settings).stdout
    assert "web shop" in listed
    assert secret not in listed
    assert run("keys", "revoke", listed.split()[0], **settings).returncode == 0


def test_rules_are_published_and_shown_as_they_were_written(database_url, tmp_path):
    settings = {"DATABASE_URL": database_url, "DATA_DIR": str(tmp_path)}
    assert run("rules", "publish", str(RULES), **settings).returncode == 0
    assert run("rules", "show", **settings).stdout.strip() == RULES.read_text().strip()


def test_doctor_verifies_an_empty_installation(database_url, tmp_path):
    told = run("doctor", "--verify", "--json", DATABASE_URL=database_url, DATA_DIR=str(tmp_path))
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout) == {"accepted": 0, "by_state": {}, "lost": [], "double": []}
