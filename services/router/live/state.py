"""The state of views at one position: events after it are all that may be missing from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg

from services.router.live import objects
from services.router.live.feed import Feed
from services.router.live.objects import Ref, Row
from services.router.live.views import AGENTS, DESK, ITEM, ME, QUEUES, View, seat_of
from services.router.rulesets import RuleSetStore
from services.router.store import events
from services.router.store.reader import Connection
from shared.access.caller import Caller
from shared.database.connection import translate
from shared.errors import DatabaseUnavailable


async def read(
    *, pool: asyncpg.Pool[asyncpg.Record], feed: Feed, rulesets: RuleSetStore, caller: Caller, views: Sequence[View]
) -> tuple[int, dict[str, list[dict[str, Any]]]]:
    """The position, and each view's objects.

    Raises:
        DatabaseUnavailable: nobody answers.
    """
    with translate():
        async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
            position = await events.head(conn)
            shown = {view.text: await _objects(conn, caller, view) for view in views}
    if QUEUES in shown:
        # Counted in memory, so a little later perhaps: what the stream tells again is then no news.
        if not await feed.reached(position):
            raise DatabaseUnavailable("the facts are late")
        shown[QUEUES] = await counted(feed, rulesets)
    return position, {name: list(rows.values()) for name, rows in shown.items()}


async def counted(feed: Feed, rulesets: RuleSetStore) -> dict[Ref, Row]:
    """The queues as of the feed's position; between the two no fact comes in.

    Raises:
        DatabaseUnavailable: which rule set is live cannot be known.
    """
    _, ruleset = await rulesets.live()
    return objects.queues(feed.tally.queues(ruleset), feed.position)


async def _objects(conn: Connection, caller: Caller, view: View) -> dict[Ref, Row]:
    agent = seat_of(caller)
    if view.name == AGENTS:
        return await objects.everyone(conn)
    if view.name == ITEM and view.conversation is not None:
        return await objects.item(conn, view.conversation)
    if view.name == ME and agent is not None:
        return await objects.presence(conn, agent)
    if view.name == DESK and agent is not None:
        return await objects.desk(conn, agent)
    return {}
