"""``inquiry-router quarantine`` on a real database and log: list, show, mend, replay one or all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from click.testing import Result
from typer.testing import CliRunner

from services.cli import app
from services.doctor.checks import examine
from shared.errors import Refused
from shared.eventlog.base import Record
from shared.events import CloudEvent
from shared.parked_table import PostgresParking
from shared.parking import Waiting
from shared.quarantine import PostgresQuarantine
from shared.settings import Settings
from shared.telemetry import Metrics
from tests.cli.test_commands import run as command

EVENT = CloudEvent("e1", "t", "test", "s", "key", datetime(2026, 3, 4, tzinfo=UTC), {"text": "čau"})
GOOD = Record("things.happened", 3, 7, EVENT.key, EVENT.headers(), EVENT.value())
BROKEN = replace(GOOD, key="k\ud800", value=b"\xffnothing", headers=dict(GOOD.headers) | {"ce_id": "e2"})
Run = Callable[..., Awaitable[Result]]


@pytest.fixture
def run(database_url: str, tmp_path: Path) -> Run:
    """A command of the group, on the test's database, in this process: starting one takes longer than the command."""

    async def run(*words: str) -> Result:
        environment = {"DATABASE_URL": database_url, "DATA_DIR": str(tmp_path)}
        return await asyncio.to_thread(CliRunner().invoke, app, ["quarantine", *words], env=environment)

    return run


@pytest.fixture
async def records(pool: asyncpg.Pool) -> None:
    """Record 1 can be read, record 2 cannot."""
    quarantine = PostgresQuarantine(pool, metrics=Metrics())
    await quarantine.put("router", GOOD, "ValueError: \x1b[31mred")
    await quarantine.put("classifier", BROKEN, "Undecodable: x")


async def published(pool: asyncpg.Pool) -> list[str]:
    return [row["id"] for row in await pool.fetch("SELECT id FROM log.record ORDER BY at")]


@pytest.mark.usefixtures("records")
async def test_what_waits_is_listed_by_stage_or_for_programs(run: Run) -> None:
    first, second = (await run("list")).stdout.splitlines()
    assert first.split()[:4] == ["1", "waits", "router", "things.happened"]
    assert "ValueError" in first
    assert "\x1b" not in first
    assert second.split()[0] == "2"
    (only,) = (await run("list", "--stage", "classifier", "--json")).stdout.splitlines()
    assert json.loads(only)["reason"] == "Undecodable: x"


@pytest.mark.usefixtures("records")
async def test_a_record_is_shown_whole(run: Run) -> None:
    shown = json.loads((await run("show", "1")).stdout)
    assert (shown["event_id"], shown["came"]["value"], shown["fixed"]) == ("e1", '{"text":"čau"}', None)
    assert json.loads((await run("show", "2")).stdout)["came"]["value_base64"] == "/25vdGhpbmc="
    assert (await run("show", "1", "--value")).stdout == '{"text":"čau"}'


@pytest.mark.usefixtures("records")
async def test_one_is_mended_and_replayed(run: Run, pool: asyncpg.Pool, tmp_path: Path) -> None:
    refused = await run("replay", "2")
    assert isinstance(refused.exception, Refused)
    assert "not a CloudEvent of ours" in str(refused.exception)
    value = tmp_path / "value.json"
    value.write_text('{"text": "mended"}')
    mended = await run("fix", "2", "--value", str(value), "--header", "ce_subject=t", "--key", "k")
    assert mended.exit_code == 0, mended.output
    assert (await run("list")).stdout.splitlines()[1].split()[1] == "mended"
    assert (await run("replay", "2", "--dry-run")).stdout == "2 can be replayed\n"
    assert await published(pool) == []
    assert (await run("replay", "2")).stdout == "2 is replayed\n"
    assert await published(pool) == ["e2"]
    assert len((await run("list")).stdout.splitlines()) == 1
    assert len((await run("list", "--all")).stdout.splitlines()) == 2


@pytest.mark.usefixtures("records")
async def test_all_are_replayed_and_what_stays_is_told(run: Run, pool: asyncpg.Pool) -> None:
    tried = await run("replay", "--all", "--dry-run")
    assert tried.exit_code == 1
    assert "1 can be replayed" in tried.stdout
    assert await published(pool) == []
    done = await run("replay", "--all")
    assert done.exit_code == 1
    assert "2 stays: not a CloudEvent of ours" in done.stdout
    assert await published(pool) == ["e1"]
    assert (await run("replay", "--all", "--stage", "router")).exit_code == 0


@pytest.mark.usefixtures("records")
@pytest.mark.parametrize("words", [("replay",), ("replay", "1", "--all"), ("fix", "1", "--header", "nothing")])
async def test_a_wrong_use_is_told(run: Run, words: tuple[str, ...]) -> None:
    assert (await run(*words)).exit_code == 2


def test_what_cannot_be_done_is_a_sentence_and_no_wrong_use(database_url: str, tmp_path: Path) -> None:
    told = command("quarantine", "show", "77", DATABASE_URL=database_url, DATA_DIR=str(tmp_path))
    assert (told.returncode, told.stdout, told.stderr) == (1, "", "not-found\n")


async def test_parked_records_are_listed_with_their_next_try(run: Run, pool: asyncpg.Pool) -> None:
    parking = PostgresParking(pool, metrics=Metrics())
    other = replace(GOOD, position=8, value=b"{}")
    await parking.park("router", [Waiting(GOOD, "ValueError: x"), Waiting(other)], wait=timedelta(hours=1))
    first, second = (await run("parked")).stdout.splitlines()
    assert first.endswith("ValueError: x")
    assert second.split()[1] == "behind"
    told = [json.loads(line) for line in (await run("parked", "--json")).stdout.splitlines()]
    assert [(one["pos"], one["behind"]) for one in told] == [(7, False), (8, True)]


@pytest.mark.usefixtures("records")
async def test_doctor_tells_what_is_parked_and_quarantined_where(
    database_url: str, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    parking = PostgresParking(pool, metrics=Metrics())
    await parking.park("router", [Waiting(GOOD, "x")], wait=timedelta())
    found = await examine(Settings(data_dir=tmp_path, mail_dir=tmp_path, database_url=database_url))
    (log,) = [finding for finding in found if finding.name == "log"]
    assert "parked: 1 of router; in quarantine: 1 of classifier, 1 of router" in log.detail
