"""The state of views at one position, exactly: events after it are all that is missing from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg

from services.router.live import objects
from services.router.live.boards import Board
from services.router.live.views import DESK, ITEM, ME, View
from services.router.store import events
from services.router.store.reader import Connection
from shared.access.caller import Caller
from shared.database.connection import translate


async def read(
    pool: asyncpg.Pool[asyncpg.Record], boards: dict[str, Board], caller: Caller, views: Sequence[View]
) -> tuple[int, dict[str, list[dict[str, Any]]]]:
    """The position, and each view's objects.

    Raises:
        DatabaseUnavailable: nobody answers.
    """
    with translate():
        async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
            position = await events.head(conn)
            shown = {view.text: await _objects(conn, caller, view) for view in views if view.name not in boards}
    # Boards are read after: what they show of later facts is told again by the stream, and is then no news.
    for view in views:
        if view.name in boards:
            shown[view.text] = await boards[view.name].rows()
    return position, shown


async def _objects(conn: Connection, caller: Caller, view: View) -> list[dict[str, Any]]:
    agent = caller.agent_id if caller.has("agent") else None
    found: dict[objects.Ref, dict[str, Any]] = {}
    if view.name == ME and agent is not None:
        found = await objects.presence(conn, agent)
    elif view.name == DESK and agent is not None:
        found = await objects.desk(conn, agent)
    elif view.name == ITEM and view.conversation is not None:
        found = await objects.item(conn, view.conversation)
    return list(found.values())
