"""One client's stream: facts that concern it, turned into changes of its views, as server-sent events."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

import asyncpg

from services.router.live import objects
from services.router.live.boards import Board
from services.router.live.cloud import Outside
from services.router.live.feed import Feed
from services.router.live.follower import Follower
from services.router.live.objects import Ref, Row
from services.router.live.views import DESK, FEED, ITEM, ME, Key, View
from services.router.store import assignments
from services.router.store.events import Recorded
from shared.access.caller import Caller
from shared.database.connection import translate
from shared.http.types import timestamp

BATCH = 500
LARGEST = 1_000_000
"""Bytes at once; a client for whom more waits fetches the state again."""


class Stream:
    """Attach once, then ask for what is new. ``agent`` is the caller's seat, if any."""

    def __init__(
        self,
        *,
        caller: Caller,
        views: Sequence[View],
        feed: Feed,
        boards: dict[str, Board],
        pool: asyncpg.Pool[asyncpg.Record],
        after: int | None,
    ) -> None:
        self._views = {view.name: view for view in views if view.name != ITEM}
        self._items = [view.conversation for view in views if view.conversation is not None]
        self._feed = feed
        self._pool = pool
        self._agent = caller.agent_id if caller.has("agent") else None
        self._outside = Outside(caller, pool)
        self._after = after
        self._boards = [boards[name] for name in self._views if name in boards]
        self.follower = Follower(self._keys(), position=0)

    async def attach(self) -> bool:
        """Begin after the asked position; ``False`` when it is not kept any more.

        Raises:
            DatabaseUnavailable: the database is away.
        """
        await self._feed.ready.wait()
        self.follower.position = self._feed.position if self._after is None else self._after
        self._board_position = self.follower.position
        if DESK in self._views and self._agent is not None:
            with translate():
                held = await assignments.open_of_agent(self._pool, self._agent)
            self.follower.keys |= {("conversation", str(a.conversation_id)) for a in held}
        if not await self._feed.attach(self.follower):
            return False
        for board in self._boards:
            board.followers.add(self.follower)
            board.dirty.set()
        self.follower.wake.set()
        return True

    def detach(self) -> None:
        """Let go."""
        self._feed.detach(self.follower)
        for board in self._boards:
            board.followers.discard(self.follower)

    async def news(self) -> list[str]:
        """What waits, as events, oldest first; afterwards ``follower.position`` covers it.

        Raises:
            DatabaseUnavailable: nothing is lost; detach, and the client comes back.
        """
        self.follower.wake.clear()
        reached = self._feed.position
        facts = self.follower.take(BATCH)
        told = [text async for text in self._tell(facts)] if facts else []
        if facts:
            self.follower.position = facts[-1].pos
        if self.follower.idle:
            self.follower.position = max(self.follower.position, reached)
        told += self._board_news()
        return told

    async def _tell(self, facts: Sequence[Recorded]) -> AsyncIterator[str]:
        for recorded in facts:
            self._follow_hands(recorded)
        shown = await self._shown(facts)
        outside = await self._outside.seen(facts) if FEED in self._views else {}
        for _, same in groupby(facts, key=lambda recorded: (recorded.fact.cause, recorded.fact.actor)):
            group = list(same)
            for recorded in group:
                if recorded.pos in outside:
                    yield event("feed", recorded.pos, outside[recorded.pos])
            changes = [change(ref, shown[ref]) for ref in self._touched(group) if ref in shown]
            if changes:
                last = group[-1]
                data = {"at": timestamp(last.at), "cause": last.fact.cause, "changes": changes}
                yield event("change", last.pos, data)

    def _follow_hands(self, recorded: Recorded) -> None:
        """What comes into the agent's hands concerns this client from now on; what leaves them, no more."""
        data = recorded.fact.data
        if DESK not in self._views or data.get("agent_id") != str(self._agent):
            return
        key: Key = ("conversation", str(data.get("conversation_id")))
        if recorded.fact.type == "assignment.started":
            self._feed.watch(self.follower, key)
        elif recorded.fact.type == "assignment.ended" and UUID(key[1]) not in self._items:
            self._feed.unwatch(self.follower, key)

    def _touched(self, facts: Sequence[Recorded]) -> list[Ref]:
        refs: dict[Ref, None] = {}
        for recorded in facts:
            refs.update(dict.fromkeys(self._refs(recorded)))
        return list(refs)

    def _refs(self, recorded: Recorded) -> Iterator[Ref]:
        data = recorded.fact.data
        mine = self._agent is not None and data.get("agent_id") == str(self._agent)
        conversation = data.get("conversation_id")
        if ME in self._views and mine:
            yield "presence", str(self._agent)
        if DESK in self._views and mine and "offer_id" in data:
            yield "offer", data["offer_id"]
        if conversation is None:
            return
        held = ("conversation", conversation) in self.follower.keys
        if (DESK in self._views and (held or (mine and "assignment_id" in data))) or UUID(conversation) in self._items:
            yield "conversation", conversation
        if recorded.fact.type == "message.added" and UUID(conversation) in self._items:
            yield "message", data["message_id"]

    async def _shown(self, facts: Sequence[Recorded]) -> dict[Ref, Row | None]:
        refs = self._touched(facts)
        if not refs:
            return {}
        ids = {kind: [UUID(i) for k, i in refs if k == kind] for kind in ("offer", "conversation", "message")}
        shown: dict[Ref, Row | None] = {}
        with translate():
            if self._agent is not None and ("presence", str(self._agent)) in refs:
                shown |= await objects.presence(self._pool, self._agent)
            if self._agent is not None and DESK in self._views:
                shown |= await objects.desk_parts(self._pool, self._agent, ids["offer"], ids["conversation"])
            for conversation in self._items:
                shown |= await objects.item_parts(self._pool, conversation, ids["message"])
        return shown

    def _board_news(self) -> list[str]:
        changes: list[Row] = []
        reached = self._board_position
        for board in self._boards:
            changes += board.since(self._board_position)
            reached = max(reached, board.position)
        self._board_position = reached
        if not changes:
            return []
        return [
            event(
                "change", self.follower.position, {"at": timestamp(self._feed.now()), "cause": None, "changes": changes}
            )
        ]

    def _keys(self) -> Iterator[Key]:
        if self._agent is not None and (ME in self._views or DESK in self._views):
            yield "agent", str(self._agent)
        for conversation in self._items:
            yield "conversation", str(conversation)
        if FEED in self._views:
            yield FEED, ""


def change(ref: Ref, row: Row | None) -> Row:
    """The object as a change: whole, or gone."""
    kind, row_id = ref
    if row is None:
        return {"type": kind, "id": row_id, "removed": True}
    fields = {name: value for name, value in row.items() if name not in {"type", "id", "version"}}
    return {"type": kind, "id": row_id, "version": row["version"], "set": fields}


def event(name: str, position: int, data: Any) -> str:
    """One server-sent event."""
    return f"id: {position}\nevent: {name}\ndata: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n"
