"""The work of one term: memory, and the writes that follow from it."""

from __future__ import annotations

import asyncio
from datetime import datetime
from itertools import islice
from typing import Protocol

import structlog

from services.router.decide.again import route_again
from services.router.decide.facts import Facts
from services.router.decide.overflow import overflow
from services.router.decide.route import Route
from services.router.decide.ruleset import RuleSet
from services.router.dispatch.folding import fold
from services.router.dispatch.gauges import Gauges
from services.router.dispatch.items import Entry
from services.router.dispatch.journal import Journal
from services.router.dispatch.matching import LARGEST_BATCH, check, propose
from services.router.dispatch.pool import Pool
from shared.clock import Clock
from shared.within import within

POLL_SECONDS = 0.25
REBUILD_SECONDS = 1.0
PRESENCE_SECONDS = 1.0
GAUGE_SECONDS = 1.0
AUDIT_SECONDS = 60.0
BATCH = 2_000
_log = structlog.get_logger(__name__)


class Rules(Protocol):
    """Where the live rule set is."""

    async def live(self) -> tuple[int, RuleSet]:
        """Its number, and its rules."""
        ...


class Term:
    """Folds and writes, one thing after the other, so that memory is never behind its own writes."""

    def __init__(
        self,
        *,
        journal: Journal,
        clock: Clock,
        rulesets: Rules,
        gauges: Gauges,
        rebuild_seconds: float = REBUILD_SECONDS,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._rulesets = rulesets
        self._gauges = gauges
        self._rebuild_seconds = rebuild_seconds
        self._due: dict[str, float] = {}

    async def work(self, wake: asyncio.Event) -> None:
        """Dispatch until cancelled, or until a write is refused because the term is over."""
        pool = await self.build()
        while True:
            wake.clear()
            acted = await self.step(pool)
            if pool.needs_rebuild:
                # Paced, so that what even fresh tables cannot put right does not turn into a busy loop.
                await asyncio.sleep(self._rebuild_seconds)
                pool = await self.build()
            elif not acted:
                await _rest(wake)

    async def build(self) -> Pool:
        """Memory from the tables."""
        snapshot = await self._journal.snapshot()
        _log.info("pool built", position=snapshot.position, items=len(snapshot.items), agents=len(snapshot.agents))
        return Pool(snapshot, self._clock.now())

    async def step(self, pool: Pool) -> bool:
        """Fold what has happened and do what is due; whether anything was tried, so that there is more to fold."""
        await self._catch_up(pool)
        return await self._act(pool)

    async def _catch_up(self, pool: Pool) -> bool:
        """Fold everything that has happened; whether anything has."""
        start = pool.position
        while True:
            batch = await self._journal.facts_after(pool.position, limit=BATCH)
            now = self._clock.now()
            for recorded in batch:
                fact = recorded.read().fact
                fold(pool, pos=recorded.pos, at=recorded.at, kind=fact.type, data=fact.data, now=now)
                self._gauges.happened(fact.type)
            if len(batch) < BATCH:
                return pool.position > start

    async def _act(self, pool: Pool) -> bool:
        """Do what is due; whether anything was written, so that there is something to fold."""
        ripe = _ripened(pool, self._clock.now())
        acted = await self._presence()
        acted |= await self._close_offers(pool)
        acted |= await self._route_anew(pool)
        acted |= await self._offer(pool)
        acted |= await self._look_again(pool, ripe)
        if not acted and self._is_due("audit", AUDIT_SECONDS):
            await self._audit(pool)
        if self._is_due("gauges", GAUGE_SECONDS):
            self._gauges.waiting(pool, self._clock.now())
        return acted

    async def _presence(self) -> bool:
        return self._is_due("presence", PRESENCE_SECONDS) and await self._journal.expire_presence(self._clock.now())

    async def _close_offers(self, pool: Pool) -> bool:
        now = self._clock.now()
        over = list(islice(pool.expired(now), LARGEST_BATCH))
        left = [offer for offer in islice(pool.stranded(), LARGEST_BATCH) if offer not in over]
        closed = await self._journal.close(over, state="lapsed", reason="no_answer", now=now)
        closed |= await self._journal.close(left, state="withdrawn", reason="agent_left", now=now)
        missed = [offer for offer in over + left if offer.id not in closed]
        if missed:
            await self._catch_up(pool)
            pool.needs_rebuild |= any(offer.id in pool.offers for offer in missed)
        return bool(over or left)

    async def _route_anew(self, pool: Pool) -> bool:
        """Route by the live rule set what waits by another, a batch in each step, so that offers go on in between."""
        if not pool.has_outdated:
            return False
        version, ruleset = await self._rulesets.live()
        if version != pool.rule_set:
            return False  # published a moment ago; its fact is the next to be folded
        outdated = pool.outdated(LARGEST_BATCH)
        known = await self._journal.routed([entry.item.id for entry in outdated])
        ways = [(entry, _way(ruleset, version, entry, *known[entry.item.id])) for entry in outdated]
        written = await self._journal.reroute(ways, self._clock.now())
        await self._catch_up(pool)
        _doubt(pool, [entry for entry in outdated if entry.item.id not in written])
        return bool(outdated)

    async def _offer(self, pool: Pool) -> bool:
        now = self._clock.now()
        proposals = propose(pool, now)
        rows = await self._journal.offer(proposals)
        for row in rows:
            self._gauges.offered(row)
        made = {str(row["offer_id"]) for row in rows}
        missed = [proposal for proposal in proposals if proposal.offer_id not in made]
        if missed:
            # Somebody was faster, and says so in facts not folded yet. No such fact: memory is wrong.
            pool.needs_rebuild |= not await self._catch_up(pool)
        for proposal in missed:
            pool.release(proposal.item_id, proposal.agent_id, proposal.offer_id, now)
        return bool(proposals)

    async def _look_again(self, pool: Pool, ripe: list[Entry]) -> bool:
        still = [entry for entry in ripe if entry.ready and pool.entries.get(entry.item.id) is entry]
        if not still:
            return False
        now = self._clock.now()
        _, ruleset = await self._rulesets.live()
        checks = [(check(pool, entry, now), overflow(ruleset, entry.item, now)) for entry in still]
        written = await self._journal.wait([found for found, move in checks if move is None])
        written |= await self._journal.overflow([(found, move) for found, move in checks if move is not None], now)
        missed = [entry for entry in still if entry.item.id not in written]
        if missed:
            await self._catch_up(pool)
            _doubt(pool, missed)
        return True

    async def _audit(self, pool: Pool) -> None:
        """Compare memory with the tables, whenever both are of the same position."""
        position, loads = await self._journal.loads()
        if position != pool.position:
            return
        remembered = {agent.id: (agent.load, agent.presence.value) for agent in pool.agents.values()}
        if remembered != loads:
            _log.warning("memory differs from the tables", position=position)
            pool.needs_rebuild = True

    def _is_due(self, what: str, seconds: float) -> bool:
        now = self._clock.monotonic()
        if now < self._due.get(what, now):
            return False
        self._due[what] = now + seconds
        return True


def _way(ruleset: RuleSet, version: int, entry: Entry, facts: Facts, rule: str) -> Route:
    received_at, queue = entry.item.received_at, entry.item.queue
    return route_again(ruleset, facts, version=version, received_at=received_at, rule=rule, queue=queue)


def _doubt(pool: Pool, missed: list[Entry]) -> None:
    """Writes about these were refused: memory is wrong where no fact has told it why."""
    pool.needs_rebuild |= any(pool.entries.get(entry.item.id) is entry and entry.ready for entry in missed)


def _ripened(pool: Pool, now: datetime) -> list[Entry]:
    """Entries whose next check has come, in the classes that time has brought them to."""
    pool.reclassify(now)
    ripe = list(islice(pool.ripe(now), LARGEST_BATCH))
    for entry in ripe:
        entry.trigger = "timer"
        pool.classify(entry, now)
    return ripe


async def _rest(wake: asyncio.Event) -> None:
    async with within(POLL_SECONDS):
        await wake.wait()
