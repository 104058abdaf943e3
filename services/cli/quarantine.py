"""``inquiry-router quarantine``: records that a service could not handle, and those that wait for another try."""

from __future__ import annotations

import asyncio
import base64
import getpass
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from services.bootstrap import Parts
from services.cli import opened
from shared.database.connection import create_pool
from shared.eventlog.base import Record
from shared.quarantine_desk import Fix, QuarantineDesk
from shared.record_row import printable
from shared.text import clean_line

app = typer.Typer(no_args_is_help=True, help="Records that a service could not handle: look, mend, replay.")

T = TypeVar("T")
_PAGE = 200
_Id = Annotated[int, typer.Argument(help="The number that `list` shows.")]
_Stage = Annotated[str | None, typer.Option(help="Only of this stage: classifier, router, ingest.status …")]
_Json = Annotated[bool, typer.Option("--json", help="For programs, a JSON object a line.")]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Only tell what would be done.")]


@app.command("list")
def list_records(
    stage: _Stage = None,
    replayed: Annotated[bool, typer.Option("--all", help="Also those that went back to the log.")] = False,
    as_json: _Json = False,
) -> None:
    """Print what waits for a person, oldest first.

    Example: inquiry-router quarantine list --stage router
    """

    async def print_all(parts: Parts) -> None:
        last = 0
        while page := await _desk(parts).list(limit=_PAGE, after=last, stage=stage, replayed=replayed):
            for kept in page:
                mark = "replayed" if kept.replayed_at else "mended" if kept.fixed_at else "waits"
                line = f"{kept.id:>6} {mark:8} {kept.stage:14} {kept.stream} {kept.part}:{kept.pos}  {kept.reason}"
                print(_told(kept) if as_json else clean_line(line))
            last = page[-1].id

    _with_parts(print_all)


@app.command()
def parked(stage: _Stage = None, as_json: _Json = False) -> None:
    """Print what waits for another try, or behind a record of its key that does.

    Example: inquiry-router quarantine parked
    """

    async def print_all(parts: Parts) -> None:
        last = 0
        while page := await parts.parking.list(limit=_PAGE, after=last, stage=stage):
            for shown in page:
                when = "behind" if shown.behind else f"{shown.due_at:%H:%M:%S}"
                line = f"{shown.id:>6} {when:8} {shown.stage:14} {shown.stream} {shown.part}:{shown.pos}  "
                print(_told(shown) if as_json else clean_line(line + (shown.reason or "")))
            last = page[-1].id

    _with_parts(print_all)


@app.command()
def show(
    record: _Id,
    value: Annotated[
        bool, typer.Option("--value", help="Only the value, byte for byte, to mend it in a file.")
    ] = False,
) -> None:
    """Print one record as it came and as it was mended.

    Example: inquiry-router quarantine show 17 --value > record.json
    """
    content = _with_parts(lambda parts: _desk(parts).get(record))
    if value:
        sys.stdout.buffer.write(content.to_replay.value)
        return
    fixed = _readable(content.fixed) if content.fixed else None
    told = json.loads(_told(content.kept)) | {"came": _readable(content.came), "fixed": fixed}
    print(json.dumps(told, indent=2, ensure_ascii=False))


@app.command()
def fix(
    record: _Id,
    value: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A file that holds the right value.")
    ] = None,
    header: Annotated[list[str] | None, typer.Option(help="NAME=VALUE, or NAME= to take it away; repeatable.")] = None,
    key: Annotated[str | None, typer.Option(help="The right key.")] = None,
) -> None:
    """Put a record right; what came is kept beside it, and the event id must stay.

    Example: inquiry-router quarantine fix 17 --header ce_type=inquiryrouter.inquiry.received.v1
    """
    headers = {name: text or None for name, text in map(_header, header or [])}
    mended = Fix(value.read_bytes() if value else None, headers or None, key)
    _with_parts(lambda parts: _desk(parts).fix(record, mended, by=f"command:{getpass.getuser()}"))
    print(f"{record} is mended; `inquiry-router quarantine replay {record}` puts it back on the log")


@app.command()
def replay(
    record: Annotated[int | None, typer.Argument(help="The number that `list` shows; without it, --all.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that wait, oldest first.")] = False,
    stage: _Stage = None,
    per_second: Annotated[float, typer.Option(min=0.1, max=10_000, help="How fast.")] = 50,
    dry_run: _DryRun = False,
) -> None:
    """Put a record, or all, back on the log; whoever had handled it does nothing.

    Example: inquiry-router quarantine replay --all --stage classifier --dry-run
    """
    if (record is None) != every:
        raise typer.BadParameter("give a number, or --all")
    if record is not None:
        _with_parts(lambda parts: _desk(parts).replay(record, dry_run=dry_run))
        print(f"{record} {'can be' if dry_run else 'is'} replayed")
    elif left := _with_parts(lambda parts: _replay_all(parts, stage, per_second, dry_run=dry_run)):
        print(f"{left} stay")
        raise typer.Exit(1)


async def _replay_all(parts: Parts, stage: str | None, per_second: float, *, dry_run: bool) -> int:
    done = left = 0
    async for outcome in _desk(parts).replay_all(per_second=per_second, stage=stage, dry_run=dry_run):
        if outcome.fault is None:
            done += 1
        else:
            left += 1
            print(clean_line(f"{outcome.id} stays: {outcome.fault}"))
    print(f"{done} {'can be' if dry_run else 'are'} replayed")
    return left


def _desk(parts: Parts) -> QuarantineDesk:
    return QuarantineDesk(parts.pool, log=parts.log, quarantine=parts.quarantine)


def _with_parts(action: Callable[[Parts], Awaitable[T]]) -> T:
    async def run() -> T:
        async with _parts() as parts:
            return await action(parts)

    return asyncio.run(run())


@asynccontextmanager
async def _parts() -> AsyncIterator[Parts]:
    chosen = opened.settings()
    async with opened.database(chosen) as url:
        pool = await create_pool(url, name="inquiry-router command", size=2)
        parts = Parts(settings=chosen, database_url=url, pool=pool)
        try:
            yield parts
        finally:
            await parts.log.close()
            await pool.close()


def _header(word: str) -> tuple[str, str]:
    name, equals, text = word.partition("=")
    if not equals or not name:
        raise typer.BadParameter(f"{word}: NAME=VALUE is wanted")
    return name, text


def _told(row: Any) -> str:
    return json.dumps(asdict(row), ensure_ascii=False, default=str)


def _readable(record: Record) -> dict[str, Any]:
    try:
        value, encoded = record.value.decode(), None
    except UnicodeDecodeError:
        value, encoded = None, base64.b64encode(record.value).decode()
    headers = {printable(name): printable(text) for name, text in record.headers.items()}
    return {"key": printable(record.key), "headers": headers, "value": value, "value_base64": encoded}
