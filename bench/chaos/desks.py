"""Agents who work while routers die under them, and operations' live stream, followed from one router to the next."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from itertools import cycle
from uuid import uuid4

from bench.chaos.checker.history import AgentOp, Outcome
from bench.chaos.recorder import Recorder
from bench.load.agents import Agents, Op
from bench.load.feed import Feed, Seen
from bench.load.wire import Reply, Wire

_GONE = (OSError, EOFError)
_ANSWER_SECONDS = 10.0
_AGAIN_SECONDS = 0.3
_PATIENCE_SECONDS = 30.0


class Desks(Agents):
    """Asks another router, under the same key, until it knows; every try goes into the history."""

    def __init__(self, addresses: Sequence[str], tokens: dict[str, str], recorder: Recorder) -> None:
        super().__init__(addresses[0], tokens)
        self._all = [Wire(address) for address in addresses]
        self._wires = cycle(self._all)
        self._recorder = recorder

    async def close(self) -> None:
        """Wait for what is under way, then close the connections."""
        await super().close()
        for wire in self._all:
            await wire.close()

    async def _do(self, op: Op, seen: Seen) -> bool:
        key, deadline = uuid4().hex, time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            invoked = time.monotonic()
            reply = await _answer(self._ask(next(self._wires), op, seen, key))
            outcome = _outcome(reply)
            self._note(op, seen, outcome, invoked, reply)
            if outcome != "info":
                return outcome == "ok"
            await asyncio.sleep(_AGAIN_SECONDS)
        return False

    def _note(self, op: Op, seen: Seen, outcome: Outcome, invoked: float, reply: Reply | None) -> None:
        self._recorder.note(
            AgentOp(
                agent=seen.agent_id,
                op=op,
                target=seen.offer_id if op == "accept" else seen.work_item_id,
                work_item=seen.work_item_id,
                outcome=outcome,
                invoked=invoked,
                code=str(reply.status) if reply else "broken",
            )
        )


async def _answer(asking: Awaitable[Reply]) -> Reply | None:
    with suppress(*_GONE):
        async with asyncio.timeout(_ANSWER_SECONDS):
            return await asking
    return None


def _outcome(reply: Reply | None) -> Outcome:
    if reply is None or reply.status >= 500 or reply.status == 429:
        return "info"
    if reply.status == 409 and reply.json()["code"] == "in-progress":
        return "info"
    return "ok" if reply.status == 200 else "fail"


async def follow(feed: Feed, addresses: Sequence[str], connected: asyncio.Event) -> None:
    """Read ``feed`` until cancelled, from another router whenever one breaks off; it misses nothing."""
    for address in cycle(addresses):
        feed.move(address)
        with suppress(*_GONE, ValueError, KeyError):  # half a chunk, or a state that is not there yet
            await feed.run(connected=connected)
        await asyncio.sleep(_AGAIN_SECONDS)
