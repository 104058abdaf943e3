"""Waiting that ends by itself.

``asyncio.wait_for`` is not for loops: on Python 3.11 it loses a cancellation that comes in the moment in which the wait
ends, and the loop it is lost in never stops.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def within(seconds: float) -> AsyncIterator[None]:
    """Leave the block quietly after ``seconds``; a cancellation from outside always comes through."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        return
