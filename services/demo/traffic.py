"""The demo's customers: some sixty inquiries in six languages, spread over a few minutes."""

from __future__ import annotations

import asyncio
from importlib.resources import files
from itertools import zip_longest

import structlog
import yaml

from services.demo.doors import Doors, Script

_log = structlog.get_logger(__name__)
_BETWEEN_SECONDS = 4.0


def scripts() -> list[Script]:
    """All scripted inquiries, the languages taking turns, so that every desk has work from the first minute."""
    folder = files("services.demo") / "inquiries"
    texts = sorted((file for file in folder.iterdir() if file.name.endswith(".yaml")), key=lambda file: file.name)
    by_language = [yaml.safe_load(file.read_text("utf-8")) for file in texts]
    return [script for turn in zip_longest(*by_language) for script in turn if script is not None]


class Traffic:
    """Delivers every script once, then ends; a delivery that fails is told and does not hold the next."""

    name = "demo-traffic"

    def __init__(self, *, doors: Doors, between_seconds: float = _BETWEEN_SECONDS) -> None:
        self._doors = doors
        self._between = between_seconds

    async def run(self) -> None:
        async with asyncio.TaskGroup() as deliveries:
            for script in scripts():
                deliveries.create_task(self._deliver(script))
                await asyncio.sleep(self._between)

    async def _deliver(self, script: Script) -> None:
        try:
            await self._doors.deliver(script)
        except Exception as error:  # noqa: BLE001  # a customer who gives up is no fault of the product's loops
            _log.warning("demo.delivery_failed", door=script["door"], error=type(error).__name__)
