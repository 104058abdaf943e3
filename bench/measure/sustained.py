"""The highest rate that is kept up: climb until it is not, then try once between."""

from __future__ import annotations

from collections.abc import Sequence

from bench.measure.load import Load, Run


async def highest(load: Load, rates: Sequence[float], *, seconds: float, seed: int) -> tuple[Run | None, list[Run]]:
    """The last run that held, and every run that was tried."""
    tried: list[Run] = []
    best: Run | None = None
    for rate in rates:
        run = await load.run(rate=rate, seconds=seconds, seed=seed)
        tried.append(run)
        if not run.held:
            break
        best = run
    else:
        return best, tried
    if best is not None:
        between = await load.run(rate=(best.rate + tried[-1].rate) / 2, seconds=seconds, seed=seed + 1)
        tried.append(between)
        best = between if between.held else best
    return best, tried
