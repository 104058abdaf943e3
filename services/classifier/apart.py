"""The model in a process of its own, so that classifying takes no time from the loop that everything else runs in.

One child, asked one batch at a time. One that dies or says nothing for too long takes the batch along and is replaced
when the next is asked; whoever asked tries its items apart then, and finds the one that did it.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import structlog
from pydantic import TypeAdapter

from services.classifier.bundle import BundleRefused
from services.classifier.question import Question
from shared import frames
from shared.domain.classification import Classification
from shared.errors import Permanent
from shared.jsontext import dump, load

_START_SECONDS = 60.0
_ANSWER_SECONDS = 60.0
"""Two hundred of the longest texts take three."""
_ANSWERS = TypeAdapter(list[Classification])

_log = structlog.get_logger(__name__)


class ClassifierDied(Permanent):
    """The child ended, or had to be ended, over these items."""


class Apart:
    """The bundle in ``folder``, loaded by a child. See ``Answering``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._turn = asyncio.Lock()
        self._child: Process | None = None

    async def start(self) -> None:
        """Load the model now, so that the first inquiry does not wait for it.

        Raises:
            BundleRefused: as ``bundle.read`` and ``Pipeline``.
            ClassifierDied: the child did not start.
        """
        async with self._turn:
            await self._begin()

    async def classify(self, items: Sequence[Question]) -> list[Classification]:
        """See ``Answering``.

        Raises:
            ClassifierDied: the child did, over these ``items``.
        """
        if not items:
            return []
        async with self._turn:
            if self._child is None:
                await self._begin()
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    return _ANSWERS.validate_json(await self._ask(dump(list(items))))
            except (OSError, EOFError, TimeoutError, ValueError) as error:
                _log.error("classifier.died", items=len(items), error=type(error).__name__)
                await self._end()
                raise ClassifierDied(f"the classifier died over {len(items)} texts") from error
            except BaseException:
                await self._end()  # an answer that nobody waits for must not be taken for the next one's
                raise

    async def close(self) -> None:
        """End the child."""
        await self._end()

    async def _begin(self) -> None:
        self._child = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-m", "services.classifier.child", str(self._folder),
            stdin=PIPE, stdout=PIPE, env={"LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"}, start_new_session=True,
        )  # fmt: skip
        try:
            async with asyncio.timeout(_START_SECONDS):
                told = load(await self._hear())
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            await self._end()
            raise ClassifierDied("the classifier did not start") from error
        except BaseException:
            await self._end()
            raise
        if "refused" in told:
            await self._end()
            raise BundleRefused(told["refused"])

    async def _ask(self, content: bytes) -> bytes:
        if self._child is None or self._child.stdin is None:
            raise EOFError
        self._child.stdin.write(frames.frame(content))
        await self._child.stdin.drain()
        return await self._hear()

    async def _hear(self) -> bytes:
        if self._child is None or self._child.stdout is None:
            raise EOFError
        return await frames.hear(self._child.stdout)

    async def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        with suppress(ProcessLookupError):
            child.kill()
        if child.stdin is not None:
            child.stdin.close()
        await asyncio.shield(child.wait())
