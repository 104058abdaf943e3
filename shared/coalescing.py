"""Many commands, one transaction: what waits while the last commit runs goes into the next.

Alone a command runs at once. Each gets its own answer or its own refusal; when a whole batch fails, its commands run
one by one, so that none suffers for another. Only what time can heal is told to all of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

from shared.errors import Temporary

C = TypeVar("C")
R = TypeVar("R")
LARGEST = 200


class Coalescer(Generic[C, R]):
    """One writer for one kind of command. ``key`` names what a command is about: a batch has each key once."""

    def __init__(
        self, execute: Callable[[Sequence[C]], Awaitable[Sequence[R | Exception]]], *, key: Callable[[C], Hashable]
    ) -> None:
        self._execute = execute
        self._key = key
        self._waiting: list[tuple[C, asyncio.Future[R]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def submit(self, command: C) -> R:
        """Run ``command`` in the next transaction.

        Raises:
            Refused: the state forbids it.
            DatabaseUnavailable: not done, or not known to be; the same command may be sent again.
        """
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((command, future))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._drain())
        return await future

    async def _drain(self) -> None:
        while self._waiting:
            batch = self._next()
            await self._run(batch)

    def _next(self) -> list[tuple[C, asyncio.Future[R]]]:
        chosen: dict[Hashable, tuple[C, asyncio.Future[R]]] = {}
        left = []
        for entry in self._waiting:
            key = self._key(entry[0])
            if len(chosen) < LARGEST and key not in chosen:
                chosen[key] = entry
            else:
                left.append(entry)
        self._waiting = left
        return list(chosen.values())

    async def _run(self, batch: list[tuple[C, asyncio.Future[R]]]) -> None:
        try:
            answers = await self._execute([command for command, _ in batch])
        except Exception as error:  # noqa: BLE001  # whatever it is, it belongs to the callers
            await self._apart(batch, error)
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            _settle(future, answer)

    async def _apart(self, batch: list[tuple[C, asyncio.Future[R]]], error: Exception) -> None:
        if len(batch) > 1 and not isinstance(error, Temporary):
            for entry in batch:
                await self._run([entry])
            return
        for _, future in batch:
            _settle(future, error)


def _settle(future: asyncio.Future[R], answer: R | Exception) -> None:
    if future.done():  # its caller has gone
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
