"""A loop that waits for a hint or some seconds stops when it is told to, in whatever moment that is."""

from __future__ import annotations

import ast
import asyncio
from pathlib import Path

import pytest

from shared.within import within


async def test_it_ends_quietly_after_its_time() -> None:
    async with within(0.001):
        await asyncio.Event().wait()


@pytest.mark.parametrize("turns", range(4))
async def test_a_cancellation_in_the_moment_of_the_hint_is_not_lost(turns: int) -> None:
    hint = asyncio.Event()

    async def loop() -> None:
        while True:
            hint.clear()
            async with within(60):
                await hint.wait()

    working = asyncio.create_task(loop())
    await asyncio.sleep(0)
    hint.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    working.cancel()
    done, _ = await asyncio.wait({working}, timeout=1)
    assert done
    assert working.cancelled()


async def test_another_error_comes_through() -> None:
    with pytest.raises(OSError, match="gone"):
        async with within(60):
            raise OSError("gone")


def test_no_endless_loop_waits_by_wait_for() -> None:
    found = [
        f"{path}:{call.lineno}"
        for path in (*Path("services").rglob("*.py"), *Path("shared").rglob("*.py"))
        if "node_modules" not in path.parts
        for endless in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(endless, ast.While)
        for call in ast.walk(endless)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "asyncio.wait_for"
    ]
    assert found == []
