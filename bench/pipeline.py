"""Receipt to offer, the highest rates, accept commands and memory, on this machine, with everything on it.

    python -m bench.pipeline            about four minutes; writes bench/latest.json
    python -m bench.pipeline --quick    short runs, writes nothing

First over HTTP: the product as one process, the generator beside it on the same cores. Then in process: the same
services and the same database in the generator's own loop, commands called as functions. No figure fails anything
here; the floors are quality's, and the flush time and stolen CPU beside the figures say what they are worth.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvloop

from bench.load.agents import sign_in
from bench.load.feed import Feed
from bench.load.product import PASSWORD, Product
from bench.measure.in_process import in_process
from bench.measure.load import Load, Run
from bench.measure.machine import flush_ms, processes
from bench.measure.over_http import OverHttp
from bench.measure.report import table
from bench.measure.roster import hire
from bench.measure.sustained import highest

LATEST = Path(__file__).with_name("latest.json")
HTTP_RATES = (50, 100, 150, 200, 250, 300, 400)
IN_PROCESS_RATES = (200, 350, 500, 600, 800, 1_000, 1_300)
RATE = 50.0
ACCEPT_RATE = 250.0
CLIENTS = 8
SEED = 1


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long each kind of run takes, in seconds."""

    latency: float
    accept: float
    sustained: float


FULL = Lengths(latency=60, accept=20, sustained=12)
QUICK = Lengths(latency=10, accept=6, sustained=5)


async def over_http(product: Product, tokens: dict[str, str], lengths: Lengths) -> dict[str, Any]:
    """Latency at 50/s, the highest rate, and memory after both."""
    await product.start()
    try:
        async with _world(product, tokens) as world:
            load = Load(world)
            latency = await load.run(rate=RATE, seconds=lengths.latency, seed=SEED)
            best, tried = await highest(load, HTTP_RATES, seconds=lengths.sustained, seed=SEED)
        assert product.process is not None
        memory = [process.to_json() for process in processes(product.process.pid)]
    finally:
        product.clear()
    return {"latency": asdict(latency), "over_http": _sustained(best, tried), "memory": memory}


async def inside(product: Product, lengths: Lengths) -> dict[str, Any]:
    """Latency at 50/s, accept commands from 8 clients, and the highest rate."""
    async with in_process(product) as world:
        latency = await Load(world).run(rate=RATE, seconds=lengths.latency, seed=SEED)
        accepts = await Load(world, clients=CLIENTS).run(rate=ACCEPT_RATE, seconds=lengths.accept, seed=SEED)
        best, tried = await highest(Load(world), IN_PROCESS_RATES, seconds=lengths.sustained, seed=SEED)
    return {
        "latency_in_process": asdict(latency),
        "accept_commands": asdict(accepts),
        "in_process": _sustained(best, tried),
    }


async def prepared(folder: Path) -> tuple[Product, dict[str, str]]:
    """An installation with the demo's rules and the bench's own agents, not running."""
    product = Product(folder)
    await product.start(seconds=120)
    try:
        return product, await hire(product.run["database_url"])
    finally:
        product.stop()


def measure(folder: Path, lengths: Lengths) -> dict[str, Any]:
    """Everything, as a report."""
    report: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "flush_ms": round(flush_ms(folder), 3),
    }
    product, tokens = asyncio.run(prepared(folder))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        report |= runner.run(over_http(product, tokens, lengths))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        report |= runner.run(inside(product, lengths))
    return report


@asynccontextmanager
async def _world(product: Product, tokens: dict[str, str]) -> AsyncIterator[OverHttp]:
    _, operations = await sign_in(product.run["http"], "otto", PASSWORD)
    feed = Feed(product.run["http"], token=operations)
    connected = asyncio.Event()
    following = asyncio.create_task(feed.run(connected=connected))
    await asyncio.wait_for(connected.wait(), 10)
    world = OverHttp(product.run["http"], tokens=tokens, feed=feed)
    try:
        yield world
    finally:
        await world.close()
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following


def _sustained(best: Run | None, tried: list[Run]) -> dict[str, Any]:
    return {"best": asdict(best) if best else None, "tried": [asdict(run) | {"held": run.held} for run in tried]}


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--quick", action="store_true", help="short runs, nothing is written")
    quick = words.parse_args().quick
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        report = measure(folder, QUICK if quick else FULL)
    print(table(report))
    if not quick:
        LATEST.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
