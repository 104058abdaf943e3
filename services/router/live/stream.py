"""One client's stream: facts that concern it, turned into changes of its views, as server-sent events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import asyncpg

from services.router.live import state
from services.router.live.cloud import Outside
from services.router.live.feed import Feed
from services.router.live.follower import Follower
from services.router.live.objects import Ref, Row
from services.router.live.sse import changes, event
from services.router.live.touched import Touched
from services.router.live.views import BOARDS, DESK, FEED, ME, QUEUES, Key, View, seat_of
from services.router.rulesets import RuleSetStore
from services.router.store import assignments
from services.router.store.events import Recorded
from shared.access.caller import Caller
from shared.database.connection import translate
from shared.http.types import timestamp

BATCH = 200
LARGEST = 1_000_000
"""Bytes at once; a client for whom more waits fetches the state again."""


class Stream:
    """Attach once, then ask for what is new; ``lost`` is set when only the state can help the client."""

    def __init__(
        self,
        *,
        caller: Caller,
        views: Sequence[View],
        feed: Feed,
        pool: asyncpg.Pool[asyncpg.Record],
        rulesets: RuleSetStore,
    ) -> None:
        self._names = {view.name for view in views}
        self._items = frozenset(view.conversation for view in views if view.conversation is not None)
        self._feed = feed
        self._pool = pool
        self._rulesets = rulesets
        self._agent = seat_of(caller)
        self._outside = Outside(caller, pool)
        self._queues: dict[Ref, Row] = {}
        self.follower = Follower(self._keys(), position=0)
        self._touched = Touched(caller=caller, names=self._names, items=self._items, keys=self.follower.keys)
        self.paced = bool(self._names & set(BOARDS))

    @property
    def lost(self) -> bool:
        """Whether the client has to fetch the state again."""
        return self.follower.lost or self._touched.lost

    async def attach(self, after: int | None) -> bool:
        """Begin after the asked position, else from now on; ``False`` when it is not kept any more.

        Raises:
            DatabaseUnavailable: the database is away.
        """
        self.follower.position = after or 0
        if not await self._feed.reached(after or 0):
            return False
        if after is None:
            self.follower.position = self._feed.position
        if DESK in self._names and self._agent is not None:
            with translate():
                held = await assignments.open_of_agent(self._pool, self._agent)
            self.follower.keys |= {("conversation", str(a.conversation_id)) for a in held}
        if QUEUES in self._names and not await self._begin_queues():
            return False
        self.follower.wake.set()
        return self._feed.attach(self.follower)

    def detach(self) -> None:
        """Let go."""
        self._feed.detach(self.follower)

    async def news(self) -> list[str]:
        """What waits, as events, oldest first; afterwards ``follower.position`` covers it.

        Raises:
            DatabaseUnavailable: nothing is lost; detach, and the client comes back.
        """
        self.follower.wake.clear()
        reached = self._feed.position
        facts = self.follower.take(BATCH)
        told = await self._tell(facts) if facts else []
        if facts:
            self.follower.position = facts[-1].pos
        if self.follower.idle:
            self.follower.position = max(self.follower.position, reached)
        return told

    async def _begin_queues(self) -> bool:
        """A client that has missed facts is told all queues anew; which of them are gone, only the state can say."""
        current = await state.counted(self._feed, self._rulesets)
        missed = self._feed.after(self.follower.position)
        self._queues = {} if missed else current
        return all(recorded.fact.type != "ruleset.published" for recorded in missed)

    async def _tell(self, unread: Sequence[Recorded]) -> list[str]:
        facts = [recorded.read() for recorded in unread]
        for recorded in facts:
            self._follow_hands(recorded)
        with translate():
            shown = await self._touched.read(self._pool, facts)
        outside = await self._outside.seen(facts) if FEED in self._names else {}
        if self.paced:
            causes = {recorded.fact.cause for recorded in facts}
            cause = causes.pop() if len(causes) == 1 else None
            return self._group(facts, cause, shown | await self._queue_news(), outside)
        told: list[str] = []
        for cause, same in groupby(facts, key=lambda recorded: recorded.fact.cause):
            group = list(same)
            refs = self._touched.refs(group, shown)
            told += self._group(group, cause, {ref: shown[ref] for ref in refs}, outside)
        return told

    def _group(
        self, facts: Sequence[Recorded], cause: str | None, shown: dict[Ref, Row | None], outside: dict[int, Any]
    ) -> list[str]:
        told: list[str] = []
        if shown:
            # Beside a feed, an id must not claim facts that come only behind it.
            position = facts[0].pos - 1 if FEED in self._names else facts[-1].pos
            data = {"at": timestamp(facts[-1].at), "cause": cause, "changes": changes(shown.items())}
            told.append(event("change", position, data))
        told += [event("feed", recorded.pos, outside[recorded.pos]) for recorded in facts if recorded.pos in outside]
        return told

    async def _queue_news(self) -> dict[Ref, Row | None]:
        if QUEUES not in self._names:
            return {}
        before, self._queues = self._queues, await state.counted(self._feed, self._rulesets)
        gone: dict[Ref, Row | None] = dict.fromkeys(before.keys() - self._queues.keys())
        return gone | {ref: row for ref, row in self._queues.items() if _plain(row) != _plain(before.get(ref))}

    def _follow_hands(self, recorded: Recorded) -> None:
        """What comes into the agent's hands concerns this client from now on; what leaves them, no more."""
        data = recorded.fact.data
        if DESK not in self._names or self._agent is None or data.get("agent_id") != str(self._agent):
            return
        key: Key = ("conversation", str(data.get("conversation_id")))
        if recorded.fact.type == "assignment.started":
            self._feed.watch(self.follower, key)
        elif recorded.fact.type == "assignment.ended" and key[1] not in {str(item) for item in self._items}:
            self._feed.unwatch(self.follower, key)

    def _keys(self) -> Iterator[Key]:
        if self._agent is not None and self._names & {ME, DESK}:
            yield "agent", str(self._agent)
        for conversation in self._items:
            yield "conversation", str(conversation)
        for name in self._names & {FEED, *BOARDS}:
            yield name, ""


def _plain(row: Row | None) -> Row | None:
    return None if row is None else {name: value for name, value in row.items() if name != "version"}
