"""Crash proof from outside: load every door, kill -9 the product (in half of the rounds PostgreSQL too), look again.

    python -m bench.crash --rounds 20 --result bench/crash.json

After each round the product is started on the same folder, and ``doctor --verify`` compares the ledger of what the
senders were promised with what is there. Exit code 1 if anything is lost or double, or a start took over 20 s.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.load.ledger import Ledger
from bench.load.product import API_KEY, COMMAND, Product
from bench.load.senders import Senders

READY_SECONDS = 20.0


@dataclass(frozen=True)
class Round:
    """What one kill did."""

    number: int
    database_killed: bool
    killed_after: float
    promised: int
    ready_seconds: float
    lost: list[str]
    double: list[str]

    @property
    def clean(self) -> bool:
        return not self.lost and not self.double and self.ready_seconds <= READY_SECONDS


async def crash(
    *, rounds: int, seed: int, folder: Path, command: Sequence[str] = COMMAND, rate: float = 20, load_seconds: float = 4
) -> list[Round]:
    """Run ``rounds`` kills on one installation in ``folder``; every moment of death follows from ``seed``."""
    chance = random.Random(seed)
    product = Product(folder, environment={"DEMO_AGENTS": "on"}, command=command)
    path = folder / "ledger.jsonl"
    ledger = Ledger(path)
    results = []
    try:
        await product.start()
        for number in range(rounds):
            database = number % 2 == 1
            after = chance.uniform(load_seconds / 4, load_seconds)
            await _load_until_killed(product, ledger, rate, load_seconds, after, database, seed + number)
            ready = await product.start()
            found = product.verify(path)
            results.append(
                Round(number, database, round(after, 3), ledger.count, round(ready, 2), found["lost"], found["double"])
            )
            print(_line(results[-1]), flush=True)
    finally:
        ledger.close()
        product.clear()
    return results


async def _load_until_killed(
    product: Product, ledger: Ledger, rate: float, seconds: float, after: float, database: bool, seed: int
) -> None:
    senders = Senders(http=product.run["http"], lmtp=product.run["lmtp"], api_key=API_KEY, witness=ledger, seed=seed)
    load = asyncio.create_task(senders.run(rate=rate, seconds=seconds))
    await asyncio.sleep(after)
    product.kill(database=database)
    await load


def _line(result: Round) -> str:
    killed = "product and database" if result.database_killed else "product"
    verdict = "clean" if result.clean else f"LOST {len(result.lost)} DOUBLE {len(result.double)}"
    return f"round {result.number:3}  {killed:20}  promised {result.promised:6}  ready {result.ready_seconds:5.1f} s  {verdict}"


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--rounds", type=int, default=20)
    words.add_argument("--seed", type=int, default=int(time.time()) % 100_000)
    words.add_argument("--result", type=Path)
    arguments = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="crash-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        results = asyncio.run(crash(rounds=arguments.rounds, seed=arguments.seed, folder=Path(folder)))
    clean = all(result.clean for result in results)
    if arguments.result:
        report = {"seed": arguments.seed, "clean": clean, "rounds": [asdict(result) for result in results]}
        arguments.result.write_text(json.dumps(report, indent=1) + "\n")
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
