"""The command: run seeds, print those that fail."""

from __future__ import annotations

import argparse
import signal
import time
from collections import Counter

from bench.simulator.cluster import own_cluster
from bench.simulator.run import run


def main() -> int:
    """Run; 1 if a seed fails."""
    parser = argparse.ArgumentParser(prog="python -m bench.simulator", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="how many (20)")
    parser.add_argument("--from", type=int, default=1, dest="first", help="the first of them (1)")
    wanted = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the server of ours must not outlive us
    started, fell, turns, failed = time.monotonic(), Counter[str](), 0, []
    with own_cluster() as cluster:
        for seed in range(wanted.first, wanted.first + wanted.seeds):
            outcome = run(seed, cluster)
            fell, turns = fell + outcome.fell, turns + outcome.turns
            if not outcome.clean:
                failed.append(seed)
                print(f"seed {seed} fails:", *outcome.violations, *outcome.mistakes, sep="\n  ")
    seconds = time.monotonic() - started
    print(
        f"{wanted.seeds} seeds, {len(failed)} failed {failed}, {seconds:.0f} s, {turns / wanted.seeds:.0f} turns a seed"
    )
    print("faults:", ", ".join(f"{name} {count}" for name, count in sorted(fell.items())))
    return int(bool(failed))


if __name__ == "__main__":
    raise SystemExit(main())
