"""``inquiry-router doctor``: is the installation sound, and was every promise kept."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from services.cli import opened
from services.doctor.checks import examine
from services.doctor.verify import read_ledger, verify

_Json = Annotated[bool, typer.Option("--json", help="For programs.")]


def install(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(doctor)


def doctor(
    verify_promises: Annotated[bool, typer.Option("--verify", help="Look for what was lost or doubled.")] = False,
    ledger: Annotated[Path | None, typer.Option(exists=True, help="What senders were promised, JSON lines.")] = None,
    as_json: _Json = False,
) -> None:
    """Check configuration, database, log, ports and model; or, with --verify, what became of every inquiry.

    Example: inquiry-router doctor --verify --ledger promised.jsonl --json
    """
    good = asyncio.run(_verify(ledger, as_json)) if verify_promises else asyncio.run(_examine(as_json))
    if not good:
        raise typer.Exit(1)


async def _verify(ledger: Path | None, as_json: bool) -> bool:
    promised = read_ledger(ledger) if ledger is not None else []
    async with opened.pool(opened.settings()) as pool:
        verdict = await verify(pool, promised)
    if as_json:
        print(json.dumps(verdict.to_json()))
    else:
        states = ", ".join(f"{n} {state}" for state, n in verdict.by_state.items()) or "none"
        print(f"{verdict.accepted} accepted: {states}. {len(verdict.lost)} lost, {len(verdict.double)} double.")
        for kind, ids in (("lost", verdict.lost), ("double", verdict.double)):
            for inquiry in ids:
                print(f"{kind}: {inquiry}")
    return verdict.kept


async def _examine(as_json: bool) -> bool:
    findings = await examine(opened.settings())
    if as_json:
        print(json.dumps({"good": all(f.good for f in findings), "checks": [f.to_json() for f in findings]}))
    else:
        for finding in findings:
            print(f"{'ok   ' if finding.good else 'FAULT'} {finding.name:14} {finding.detail}")
    return all(finding.good for finding in findings)
