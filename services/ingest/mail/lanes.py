"""Parse mail in children that are killed at a deadline, so that one hostile mail delays no neighbour.

Two lanes: the fast one for what is small, with a short deadline and several children; the slow one, whose deadline
grows with the mail, for what is large or did not end in time. What fails in both is read in outline; what fails even
then is read here, by the few linear steps of ``parse.some_text``. ``read`` never raises but for cancellation.
"""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog

from services.ingest.mail import parse
from services.ingest.mail.parsed import Parsed
from shared import frames
from shared.text import clean_json

_FAST_SECONDS = 0.5
_FAST_SIZE = 1_000_000
_FAST_CHILDREN = 3
_SLOW_SECONDS = 2.0
_SLOW_CHILDREN = 2
_FREE_SIZE = 5_000_000
_SECONDS_PER_BYTE = 0.1 / 1_000_000
_START_SECONDS = 10.0
_MAILS_PER_CHILD = 1_000
_LARGEST_ANSWER = 8_000_000

log = structlog.get_logger(__name__)


class _Failed(Exception):
    """The child could not parse it; the message is the reason's code. ``final`` when more time would not help."""

    def __init__(self, reason: str, *, final: bool) -> None:
        super().__init__(reason)
        self.final = final


class Lanes:
    """The children of this process; they start when first needed and end with ``close`` or with this process."""

    def __init__(self, *, fast_seconds: float = _FAST_SECONDS, slow_seconds: float = _SLOW_SECONDS) -> None:
        self._fast = _Lane(_FAST_CHILDREN)
        self._slow = _Lane(_SLOW_CHILDREN)
        self._fast_seconds = fast_seconds
        self._slow_seconds = slow_seconds

    async def read(self, raw: bytes, *, null_sender: bool) -> Parsed:
        """``raw`` as far as it can be read; ``unreadable`` says why that is not far."""
        try:
            return await self._whole(raw, null_sender=null_sender)
        except _Failed as failure:
            reason = str(failure)
        log.info("mail_read_in_outline", reason=reason, size=len(raw))
        order = {"way": "outline", "null_sender": null_sender}
        try:
            fields = await self._fast.parse(order, raw, self._fast_seconds + self._extra(raw))
            return _checked(fields | {"unreadable": reason})
        except _Failed:
            return Parsed(text=parse.some_text(raw), text_altered=True, unreadable=reason)

    async def close(self) -> None:
        """End the children."""
        await self._fast.close()
        await self._slow.close()

    async def _whole(self, raw: bytes, *, null_sender: bool) -> Parsed:
        order = {"way": "whole", "null_sender": null_sender}
        if len(raw) <= _FAST_SIZE:
            try:
                return _checked(await self._fast.parse(order, raw, self._fast_seconds))
            except _Failed as failure:
                if failure.final:
                    raise
        return _checked(await self._slow.parse(order, raw, self._slow_seconds + self._extra(raw)))

    def _extra(self, raw: bytes) -> float:
        return max(0, len(raw) - _FREE_SIZE) * _SECONDS_PER_BYTE


class _Lane:
    """Some children that are asked one mail at a time."""

    def __init__(self, children: int) -> None:
        self._room = asyncio.Semaphore(children)
        self._idle: list[_Child] = []

    async def parse(self, order: dict[str, Any], raw: bytes, seconds: float) -> dict[str, Any]:
        """The fields that a child found.

        Raises:
            _Failed: it did not, or not within ``seconds``.
        """
        async with self._child() as child:
            try:
                answer = await asyncio.wait_for(child.ask(order, raw), seconds)
            except TimeoutError:
                raise _Failed("parser-timeout", final=False) from None
            except (OSError, EOFError, ValueError):
                raise _Failed("parser-died", final=False) from None
            child.sound = True
        if "fields" not in answer:
            fault = str(answer.get("fault", "parser-died"))
            raise _Failed(fault, final=fault != "too-much-memory")
        fields: dict[str, Any] = answer["fields"]
        return fields

    async def close(self) -> None:
        while self._idle:
            await self._idle.pop().end()

    @asynccontextmanager
    async def _child(self) -> AsyncIterator[_Child]:
        async with self._room:
            child = self._idle.pop() if self._idle else await _start()
            child.sound = False
            try:
                yield child
            finally:
                if child.sound and child.mails < _MAILS_PER_CHILD:
                    self._idle.append(child)
                else:
                    await child.end()


class _Child:
    """One process; ``sound`` while its pipes are at a frame's end."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.sound = True
        self.mails = 0

    async def ask(self, order: dict[str, Any], raw: bytes) -> dict[str, Any]:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise EOFError
        self.mails += 1
        stdin.write(frames.frame(json.dumps(order).encode()))
        stdin.write(frames.frame(raw))
        await stdin.drain()
        answer = json.loads(await frames.hear(stdout, most=_LARGEST_ANSWER))
        return answer if isinstance(answer, dict) else {}

    async def end(self) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()
        if self._process.stdin is not None:
            self._process.stdin.close()
        await asyncio.shield(self._process.wait())


async def _start() -> _Child:
    """A child that has imported what it needs, so that no mail's deadline pays for that."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-m", "services.ingest.mail.child",
        stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={"LANG": "C.UTF-8"}, start_new_session=True,
    )  # fmt: skip
    child = _Child(process)
    try:
        await asyncio.wait_for(child.ask({"way": "whole", "null_sender": False}, b""), _START_SECONDS)
    except (TimeoutError, OSError, EOFError, ValueError):
        await child.end()
        raise _Failed("parser-did-not-start", final=False) from None
    except asyncio.CancelledError:
        await child.end()  # nobody else knows of it yet
        raise
    return child


def _checked(fields: dict[str, Any]) -> Parsed:
    """What a child says is as little trusted as the mail that it read."""
    try:
        return Parsed.model_validate(clean_json(fields))
    except ValueError:  # pydantic's is one too
        raise _Failed("parser-answer-does-not-fit", final=True) from None
