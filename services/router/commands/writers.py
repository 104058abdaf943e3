"""The doors to the commands: one coalescing writer and one connection a kind; what is rare shares a connection."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from services.router.commands.accept import Accept, Accepted, accept
from services.router.commands.assign import Assign, assign
from services.router.commands.complete import Complete, complete
from services.router.commands.decline import Decline, decline
from services.router.commands.people import edit_agent
from services.router.commands.presence import SetPresence, set_presence
from services.router.commands.reply import Reply, reply
from services.router.commands.requeue import Requeue, requeue
from services.router.facts import By
from services.router.store.agents import Agent
from services.router.store.assignments import Assignment
from services.router.store.messages import Message
from services.router.store.offers import Offer
from services.router.store.reader import Connection
from services.router.store.work import WorkItem
from shared.clock import Clock
from shared.coalescing import Coalescer
from shared.database.connection import Held
from shared.errors import DatabaseUnavailable, Temporary

C = TypeVar("C")
R = TypeVar("R")
_TRIES = 5
_PAUSE_SECONDS = 0.05


class Commands:
    """Everything that people do to work. Each method returns when it is committed.

    Raises, each of them: ``Refused`` with the code that says why not, ``DatabaseUnavailable`` when it is not done or
    not known to be.
    """

    def __init__(self, *, url: str, clock: Clock) -> None:
        self._url = url
        self._clock = clock
        self._held: list[Held] = []
        self._accepts: Coalescer[Accept, Accepted] = Coalescer(
            self._batched("accept", accept), key=lambda wish: wish.offer_id
        )
        self._declines: Coalescer[Decline, Offer] = Coalescer(
            self._batched("decline", decline), key=lambda wish: wish.offer_id
        )
        self._completes: Coalescer[Complete, Assignment] = Coalescer(
            self._batched("complete", complete), key=lambda wish: wish.conversation_id
        )
        self._presences: Coalescer[SetPresence, Agent] = Coalescer(
            self._batched("presence", set_presence), key=lambda wish: wish.agent_id
        )
        self._single = self._connection("commands")

    async def accept(self, wish: Accept) -> Accepted:
        """Take an offer; again by the same agent gives the same assignment."""
        return await self._accepts.submit(wish)

    async def decline(self, wish: Decline) -> Offer:
        """Refuse an offer; the item goes to others first."""
        return await self._declines.submit(wish)

    async def complete(self, wish: Complete) -> Assignment:
        """End the work on a conversation that one holds."""
        return await self._completes.submit(wish)

    async def set_presence(self, wish: SetPresence) -> Agent:
        """Take work, or stop to."""
        return await self._presences.submit(wish)

    async def assign(self, wish: Assign) -> Assignment:
        """Put an item into an agent's hands, whoever has it."""
        return await self._once(lambda conn: assign(conn, wish, self._clock.now()))

    async def requeue(self, wish: Requeue) -> WorkItem:
        """Let an item wait again."""
        return await self._once(lambda conn: requeue(conn, wish, self._clock.now()))

    async def reply(self, wish: Reply) -> Message:
        """Answer the customer of a conversation that one holds."""
        return await self._once(lambda conn: reply(conn, wish, self._clock.now()))

    async def edit_agent(
        self, agent_id: UUID, *, edition: int, skills: Mapping[str, int], capacity: int, by: By
    ) -> Agent:
        """Change skills and capacity, if nobody has since ``edition``."""
        return await self._once(lambda conn: edit_agent(conn, agent_id, edition, skills, capacity, by))

    async def close(self) -> None:
        """Let the connections go."""
        for held in self._held:
            await held.close()

    def _connection(self, name: str) -> Held:
        held = Held(self._url, name=name, hot=True)
        self._held.append(held)
        return held

    def _batched(
        self, name: str, execute: Callable[..., Awaitable[list[R | Exception]]]
    ) -> Callable[[Sequence[C]], Awaitable[Sequence[R | Exception]]]:
        held = self._connection(f"{name}-commands")

        async def run(wishes: Sequence[C]) -> Sequence[R | Exception]:
            async with held.use() as conn, conn.transaction():
                return await execute(conn, wishes, self._clock.now())

        return run

    async def _once(self, command: Callable[[Connection], Awaitable[R]]) -> R:
        """One command in a transaction of its own; again when the item changed hands while it took the locks."""
        for _ in range(_TRIES - 1):
            try:
                return await self._try(command)
            except DatabaseUnavailable:
                raise
            except Temporary:
                await asyncio.sleep(_PAUSE_SECONDS)
        return await self._try(command)

    async def _try(self, command: Callable[[Connection], Awaitable[R]]) -> R:
        async with self._single.use() as conn, conn.transaction():
            return await command(conn)
