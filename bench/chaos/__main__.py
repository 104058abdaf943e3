"""Kill the services apart under load, and look whether every promise was kept.

    python -m bench.chaos --rounds 100 --result bench/chaos.json

Exit code 1 if a promise was broken, a process was not back in time, or one restarted without being told. The history
is kept beside the result, or in the current folder; a failing seed plays the same faults again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.chaos.figures import recovery
from bench.chaos.run import Verdict, Wish, run

_MOST_SHOWN = 50


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--rounds", type=int, default=100)
    words.add_argument("--seed", type=int, default=int(time.time()) % 100_000)
    words.add_argument("--log", choices=("kafka", "postgres"), default="kafka")
    words.add_argument("--rate", type=float, default=50.0)
    words.add_argument("--result", type=Path)
    words.add_argument("--history", type=Path, default=Path("chaos-history.jsonl"))
    given = words.parse_args()
    wish = Wish(rounds=given.rounds, seed=given.seed, log=given.log, rate=given.rate)
    print(f"seed {wish.seed}", flush=True)
    verdict = asyncio.run(run(wish, given.history))
    for broken in [*verdict.failures, *verdict.violations[:_MOST_SHOWN]]:
        print(broken)
    if given.result:
        given.result.write_text(json.dumps(_report(wish, verdict), indent=1) + "\n")
    print(f"{len(verdict.violations)} violations, {len(verdict.failures)} failures: {verdict.figures}")
    return 0 if verdict.clean else 1


def _report(wish: Wish, verdict: Verdict) -> dict[str, Any]:
    asked = ["git", "rev-parse", "HEAD"]
    commit = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return {
        "commit": commit or None,
        **{name: value for name, value in asdict(wish).items() if name != "program"},
        "clean": verdict.clean,
        "violations": [str(broken) for broken in verdict.violations],
        "failures": verdict.failures,
        "recovery_seconds": recovery(verdict.outcomes),
        "figures": verdict.figures,
        "history_sha256": verdict.history_sha256,
    }


if __name__ == "__main__":
    sys.exit(main())
