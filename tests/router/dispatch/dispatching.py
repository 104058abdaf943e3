"""A dispatcher in office, moved on by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from services.router.decide.ruleset import compile_ruleset
from services.router.dispatch.journal import Journal
from services.router.dispatch.pool import Pool
from services.router.dispatch.term import Term
from shared.telemetry import Metrics

RULES = {
    "format": 1,
    "queues": {"general": {"overflow": "wide"}, "wide": {"offer_seconds": 7}},
    "rules": [{"id": "rest", "then": {"queue": "general"}}],
}


class Live:
    async def live(self) -> tuple[int, Any]:
        return 1, compile_ruleset(RULES)


@dataclass
class Dispatching:
    """A term and its memory, moved on by hand."""

    term: Term
    journal: Journal
    metrics: Metrics
    memory: Pool

    async def rest(self) -> None:
        """Step until nothing is left to do."""
        for _ in range(50):
            acted = await self.term.step(self.memory)
            if self.memory.needs_rebuild:
                self.memory = await self.term.build()
            elif not acted:
                return
        raise AssertionError("it never comes to rest")
